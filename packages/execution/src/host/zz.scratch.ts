import { HostEnvironment } from './environment.js';
import { importTable } from './table.js';
import { FakeContext, alice, bob, contractAccount } from './testing/fake-context.js';
import { MemoryState } from '../state/memory-state.js';
import { WorkingState } from '../state/working-state.js';
import { name, parseName } from '@snapscale/protocol';
import { portableRecover, privateKeyFromBytes, publicKeyOf, sign, sha256 } from '@snapscale/crypto';
const W:any=(globalThis as any).WebAssembly;
const T:any={i32:0x7f,i64:0x7e,f32:0x7d,f64:0x7c};
function leb(n:number){const o=[];do{let b=n&127;n>>>=7;if(n)b|=128;o.push(b);}while(n);return o;}
function sleb(v:bigint){const o:number[]=[];for(;;){const b=Number(v&127n);v>>=7n;if((v===0n&&!(b&64))||(v===-1n&&(b&64))){o.push(b);return o;}o.push(b|128);}}
function sec(id:number,b:number[]){return [id,...leb(b.length),...b];}
function str(s:string){const b=[...Buffer.from(s)];return [...leb(b.length),...b];}
const f64b=(x:number)=>[...new Uint8Array(Float64Array.of(x).buffer)];const f32b=(x:number)=>[...new Uint8Array(Float32Array.of(x).buffer)];
function mod(fn:string,args:(number|bigint)[]){const d=importTable.get(fn)!;
 const types=[2,0x60,...leb(d.params.length),...d.params.map(p=>T[p]),...(d.result?[1,T[d.result]]:[0]),0x60,1,0x7f,0];
 const imp=[2,...str('env'),...str(fn),0,0,...str('env'),...str('memory'),2,0,1];
 const push=d.params.flatMap((p,i)=>p==='i32'?[0x41,...sleb(BigInt(args[i]!))]:p==='i64'?[0x42,...sleb(BigInt.asIntN(64,BigInt(args[i]!)))]:p==='f64'?[0x44,...f64b(Number(args[i]))]:[0x43,...f32b(Number(args[i]))]);
 const body=[0, 0x03,0x40, ...push,0x10,0,...(d.result?[0x1a]:[]), 0x20,0,0x41,1,0x6b,0x22,0,0x0d,0,0x0b,0x0b];
 return new Uint8Array([0,0x61,0x73,0x6d,1,0,0,0,...sec(1,types),...sec(2,imp),...sec(3,[1,1]),...sec(7,[1,...str('run'),0,1]),...sec(10,[1,...leb(body.length),...body])]);}
const ctx=new FakeContext(); const base=new MemoryState();
// preload a table
{const st=new WorkingState(base); const c2=new FakeContext(); c2.state=st; const e2=new HostEnvironment(); e2.context=c2; const m=new W.Memory({initial:1}); e2.activate(m);
 const f=(n:string,...a:any[])=>(e2.functions.get(n) as any)(...a);
 for(let s=0n;s<200n;s++){ f('db_store_i64',name('alice')+s,name('accounts'),alice,BigInt(s)*977n,0,16); }
 for(let i=0n;i<1000n;i++){ f('db_store_i64',1n,name('big'),alice,i*1000003n,0,100); new DataView(m.buffer).setBigUint64(8,i*7n%1000n,true); f('db_idx64_store',1n,name('big'),alice,i,8); f('db_idx256_store',1n,name('bigb'),alice,i,8,2); f('db_idx_double_store',1n,name('bigd'),alice,i,8);}
 base.apply(st.changes());}
const memory=new W.Memory({initial:4}); const bytes=new Uint8Array(memory.buffer);
const env=new HostEnvironment();
function fresh(){const c=new FakeContext(); c.state=new WorkingState(base); env.context=c; return c;}
fresh(); env.activate(memory);
const results:Record<string,number>={};
function bench(label:string,fn:string,args:(number|bigint)[],n=20000,before?:()=>void){
 const inst=new W.Instance(new W.Module(mod(fn,args)),{env:{[fn]:env.functions.get(fn),memory}});
 const run=inst.exports.run as (n:number)=>void; before?.(); env.resetGas(Infinity);
 run(Math.max(1,n>>2)); before?.(); run(Math.max(1,n>>2)); let best=Infinity; for(let k=0;k<3;k++){before?.(); const t=process.cpuUsage(); run(n); const u=process.cpuUsage(t); best=Math.min(best,(u.user+u.system)*1000/n);} 
 env.resetGas(Infinity); before?.(); run(1); const dyn=env.takeGas(); results[label]=best; console.log(label.padEnd(34), best.toFixed(0).padStart(10),'ns', 'gas',importTable.get(fn)!.gas, '+',dyn);}
const call=(n:string,...a:any[])=>(env.functions.get(n) as any)(...a);
export { env, memory, bytes, fresh, bench, call, base, alice, bob, name, ctx };
const groups=process.argv.slice(2);
const on=(g:string)=>groups.length===0||groups.includes(g);
bytes.set(Buffer.from('hello world assertion text 12345\0'),100);
if(on('db')){
 bench('db_find (known table, repeated row)','db_find_i64',[contractAccount,name('alice'),name('accounts'),0n]);
 let k=0n; 
 { // many rows: first touch
  const N=200; const fn=env.functions.get('db_find_i64') as any; const t0=process.cpuUsage(); let reps=0; for(let r=0;r<100;r++){fresh(); for(let s=0n;s<200n;s++){fn(BigInt.asIntN(64,contractAccount),name('alice')+s,name('accounts'),s*977n);reps++;}} const u=process.cpuUsage(t0); console.log('db_find first touch (table+row)',(u.user*1000/reps).toFixed(0),'ns'); }
 { const fn=env.functions.get('db_find_i64') as any; let best=1e9; for(let q=0;q<5;q++){const t0=process.cpuUsage(); let reps=0; for(let r=0;r<20;r++){fresh(); for(let s=0n;s<1000n;s++){fn(BigInt.asIntN(64,contractAccount),1n,name('big'),s*1000003n);reps++;}} const u=process.cpuUsage(t0); best=Math.min(best,u.user*1000/reps);} console.log('db_find first touch of row',best.toFixed(0),'ns'); }
 fresh(); const it=call('db_find_i64',contractAccount,name('alice'),name('accounts'),0n);
 bench('db_get 16','db_get_i64',[it,512,16]); bench('db_get size','db_get_i64',[it,512,0]);
 bench('db_update 16','db_update_i64',[it,0n,512,16]); bench('db_update 16 payer','db_update_i64',[it,alice,512,16]); bench('db_update 1000','db_update_i64',[it,0n,512,1000]);
 const i2=call('db_find_i64',contractAccount,1n,name('big'),500n*1000003n);
 bench('db_next','db_next_i64',[i2,512]); bench('db_previous','db_previous_i64',[i2,512]); bench('db_lower','db_lowerbound_i64',[contractAccount,1n,name('big'),12345678n]); bench('db_end','db_end_i64',[contractAccount,1n,name('big')]);
 { let best=1e9; for(let q=0;q<4;q++){let reps=0,us=0;for(let r=0;r<20;r++){fresh(); const t0=process.cpuUsage(); for(let s=0n;s<500n;s++){call('db_store_i64',5n,name('new'),alice,s*7777n,512,100);reps++;} us+=process.cpuUsage(t0).user;} best=Math.min(best,us*1000/reps);} console.log('db_store 100B',best.toFixed(0)); }
 { let best=1e9; for(let q=0;q<4;q++){let reps=0,us=0;for(let r=0;r<20;r++){fresh(); for(let s=0n;s<500n;s++){call('db_store_i64',5n,name('new'),alice,s*7777n,512,100);} const t0=process.cpuUsage(); for(let s=0;s<500;s++){call('db_remove_i64',s);reps++;} us+=process.cpuUsage(t0).user;} best=Math.min(best,us*1000/reps);} console.log('db_remove',best.toFixed(0)); }
 fresh(); new DataView(memory.buffer).setBigUint64(512,500n,true);
 for(const [p,t,ar] of [['db_idx64','big',[]],['db_idx256','bigb',[2]],['db_idx_double','bigd',[]]] as any){
  new DataView(memory.buffer).setBigUint64(512,500n,true);new DataView(memory.buffer).setBigUint64(520,0n,true);
  bench(p+'_find_secondary',p+'_find_secondary',[contractAccount,1n,name(t),512,...ar,600]); bench(p+'_lowerbound',p+'_lowerbound',[contractAccount,1n,name(t),512,...ar,600]); bench(p+'_find_primary',p+'_find_primary',[contractAccount,1n,name(t),512,...ar,33n]);
  const ii=call(p+'_find_primary',contractAccount,1n,name(t),512,...ar,33n); bench(p+'_next',p+'_next',[ii,600]); bench(p+'_previous',p+'_previous',[ii,600]); let z=0;
  bench(p+'_update same',p+'_update',[ii,0n,512,...ar]);
  { let best=1e9; for(let q=0;q<4;q++){let reps=0,us=0;for(let r=0;r<20;r++){fresh(); const t0=process.cpuUsage(); for(let s=0n;s<300n;s++){new DataView(memory.buffer).setBigUint64(512,s*9n%100n,true);call(p+'_store',5n,name('new'),alice,s*7777n,512,...ar);reps++;} us+=process.cpuUsage(t0).user;} best=Math.min(best,us*1000/reps);} console.log(p+'_store',best.toFixed(0)); }
  { let best=1e9; for(let q=0;q<4;q++){let reps=0,us=0;for(let r=0;r<20;r++){fresh(); for(let s=0n;s<300n;s++){new DataView(memory.buffer).setBigUint64(512,s*9n%100n,true);call(p+'_store',5n,name('new'),alice,s*7777n,512,...ar);} const t0=process.cpuUsage(); for(let s=0;s<300;s++){new DataView(memory.buffer).setBigUint64(512,BigInt(s)*31n%100n,true);call(p+'_update',s,0n,512,...ar);reps++;} us+=process.cpuUsage(t0).user;} best=Math.min(best,us*1000/reps);} console.log(p+'_update moved',best.toFixed(0)); fresh();}
  { let best=1e9; for(let q=0;q<4;q++){let reps=0,us=0;for(let r=0;r<20;r++){fresh(); for(let s=0n;s<300n;s++){new DataView(memory.buffer).setBigUint64(512,s*9n%100n,true);call(p+'_store',5n,name('new'),alice,s*7777n,512,...ar);} const t0=process.cpuUsage(); for(let s=0;s<300;s++){call(p+'_remove',s);reps++;} us+=process.cpuUsage(t0).user;} best=Math.min(best,us*1000/reps);} console.log(p+'_remove',best.toFixed(0)); fresh();}
 }
}
if(on('misc')){
 bench('action_data_size','action_data_size',[]); bench('current_receiver','current_receiver',[]); bench('read_action_data','read_action_data',[512,5]); bench('require_auth','require_auth',[alice]); bench('has_auth','has_auth',[alice]); bench('current_time','current_time',[]); bench('get_sender','get_sender',[]); bench('is_account','is_account',[alice]); bench('require_recipient','require_recipient',[alice],2000,()=>{fresh()});
 bench('eosio_assert ok','eosio_assert',[1,100]); bench('eosio_assert_code ok','eosio_assert_code',[1,5n]); bench('eosio_assert_message','eosio_assert_message',[1,100,20]); bench('get_code_hash','get_code_hash',[alice,0,512,43]); bench('set_action_return_value','set_action_return_value',[512,32]); bench('get_active_producers','get_active_producers',[512,16]);
 for(const l of [8,31,32,256,4096,65536]){bench('memcpy '+l,'memcpy',[0,100000,l]);} for(const l of [8,256,65536]) bench('memmove '+l,'memmove',[0,100000,l]); for(const l of [8,256,65536]) bench('memset '+l,'memset',[0,0,l]); for(const l of [8,256,65536]) bench('memcmp '+l,'memcmp',[0,0x20000,l]);
 bytes.set(Buffer.from('hello world assertion text 12345\0'),100);
 const c=()=>{fresh()};
 bench('prints 32','prints',[100],5000,c); bench('prints_l 1000','prints_l',[0x8000,1000],500,c); bench('printi','printi',[-123456789012345n],5000,c); bench('printn','printn',[alice],5000,c); bench('printhex 100','printhex',[512,100],1000,c); bench('printi128','printi128',[512],5000,c); bench('printsf','printsf',[1.5e-30],2000,c); bench('printdf','printdf',[1.2345e-300],2000,c);
 new DataView(memory.buffer).setBigUint64(2048,0x123456789abcdefn,true);new DataView(memory.buffer).setBigUint64(2056,0x0001123456789abcn,true); bench('printqf tiny','printqf',[2048],200,c); new DataView(memory.buffer).setBigUint64(2056,0x7ffe123456789abcn,true); bench('printqf huge','printqf',[2048],200,c); new DataView(memory.buffer).setBigUint64(2056,0x4000123456789abcn,true); bench('printqf 1','printqf',[2048],500,c);
}
if(on('num')){
 const a=[0x123456789abcdefn,0x4000123456789abcn,0xfedcba987654321n,0x3fff876543210123n] as const;
 for(const f of ['__addtf3','__subtf3','__multf3','__divtf3']) bench(f,f,[512,...a]);
 bench('__addtf3 far','__addtf3',[512,a[0],0x0001123456789abcn,a[2],0x7000876543210123n]); bench('__multf3 underflow','__multf3',[512,a[0],0x0001123456789abcn,a[2],0x0001876543210123n]);bench('__divtf3 subnormal','__divtf3',[512,a[0],0x0000123456789abcn,a[2],0x3001876543210123n]);
 bench('__negtf2','__negtf2',[512,a[0],a[1]]); bench('__cmptf2','__cmptf2',[...a]); bench('__unordtf2','__unordtf2',[...a]); bench('__extenddftf2','__extenddftf2',[512,1.5]); bench('__trunctfdf2','__trunctfdf2',[a[0],a[1]]); bench('__trunctfsf2','__trunctfsf2',[a[0],a[1]]); bench('__fixtfsi','__fixtfsi',[a[0],a[1]]); bench('__fixtfdi','__fixtfdi',[a[0],a[1]]); bench('__fixtfti','__fixtfti',[512,a[0],a[1]]); bench('__fixdfti','__fixdfti',[512,1.5e20]); bench('__floatsitf','__floatsitf',[512,77]); bench('__floatditf','__floatditf',[512,77777777777n]); bench('__floattidf','__floattidf',[a[0],a[1]]); bench('__floatsidf','__floatsidf',[5]);
 for(const f of ['__divti3','__udivti3','__multi3','__modti3','__umodti3']) bench(f,f,[512,...a]); for(const f of ['__ashlti3','__ashrti3','__lshrti3']) bench(f,f,[512,a[0],a[1],17]);
}
if(on('hash')){ for(const h of ['sha256','sha1','sha512','ripemd160']) for(const l of [32,1024,65536]) bench(h+' '+l,h,[0,l,0x30000],l>10000?20:2000); for(const l of [32,1024,65536]) {bench('sha3 '+l,'sha3',[0,l,0x30000,32,0],l>10000?20:2000);} bench('assert_sha256? skip','sha256',[0,1,0x30000],2000);
 bench('blake2 1000','blake2_f',[1000,0,64,64,128,192,8,200,8,1,1024,64],200); bench('blake2 12','blake2_f',[12,0,64,64,128,192,8,200,8,1,1024,64],2000); }
if(on('ec')){
 const key=privateKeyFromBytes('K1',new Uint8Array(32).fill(9)); const d=sha256(Uint8Array.of(1)); const sig=sign(key,d); bytes.set(d,4096); bytes.set(sig,64); bytes.set(publicKeyOf(key),200); bench('recover_key K1','recover_key',[4096,64,66,300,34],10,()=>{}) ; }
if(on('ec')){
 const h=(s:string)=>Uint8Array.from(Buffer.from(s.replace(/\s/g,''),'hex'));
 const key=privateKeyFromBytes('K1',new Uint8Array(32).fill(9)); const d=sha256(Uint8Array.of(1)); const sig=sign(key,d); bytes.set(d,4096); bytes.set(sig,64); bytes.set(publicKeyOf(key),200); bytes.set(sig.subarray(1,66),5000);
 bench('assert_recover_key','assert_recover_key',[4096,64,66,200,34],20); bench('k1_recover','k1_recover',[5000,65,4096,32,6000,65],20);
 const kr=privateKeyFromBytes('R1',new Uint8Array(32).fill(9)); const sr=sign(kr,d); bytes.set(sr,64); bench('recover_key R1','recover_key',[4096,64,66,300,34],20);
 const g1=h('bbc622db0af03afbef1a7af93fe8556c58ac1b173f3a4ea105b974974f8c68c30faca94f8c63952694d79731a7d3f117e1e7c5462923aa0ce48a88a244c73cd0edb3042ccb18db00f60ad0d595e0f5fce48a1d74ed309ea0f1a0aae381f4b308');
 const g2=h('b8bd21c1c85680d4efbb05a82603ac0b77d1e37a640b51b4023b40fad47ae4c65110c52d27050826910a8ff0b2a24a027e2b045d057dace5575d941312f14c3349507fdcbb61dab51ab62099d0d06b59654f2788a0d3ac7d609f7152602be0130128b808865493e189a2ac3bccc93a922cd16051699a426da7d3bd8caa9bfdad1a352edac6cdc98c116e7d7227d5e50cbe795ff05f07a9aaa11dec5c270d373fab992e57ab927426af63a7857e283ecb998bc22bb0d2ac32cc34a72ea0c40606');
 for(let i=0;i<64;i++){bytes.set(g1,10000+96*i);bytes.set(g2,30000+192*i);} for(let i=0;i<64*32;i++)bytes[50000+i]=(i*77+13)|1; bytes.set(h('03 5facf45a8e901ac833c21ab8e4ebc5c0d12d2d96b6a9d9d9e9b9ce2eb833c81a908e5fa4ac5f0312345678901a0102'.padEnd(97,'0').slice(0,97)).subarray(0,47),8000); bytes.copyWithin(8048,8000,8047);
 bench('bls_g1_add','bls_g1_add',[10000,96,10096,96,9000,96],100); bench('bls_g2_add','bls_g2_add',[30000,192,30192,192,9000,192],50);
 for(const n of [1,2,8,32]){bench('bls_g1_ws '+n,'bls_g1_weighted_sum',[10000,96*n,50000,32*n,n,9000,96],5);bench('bls_g2_ws '+n,'bls_g2_weighted_sum',[30000,192*n,50000,32*n,n,9000,192],5);if(n<32)bench('bls_pairing '+n,'bls_pairing',[10000,96*n,30000,192*n,n,9000,576],5);}
 bench('bls_g1_map','bls_g1_map',[8000,48,9000,96],10); bench('bls_g2_map','bls_g2_map',[8000,96,9000,192],10); bench('fp_mod','bls_fp_mod',[50000,64,9000,48],1000); bench('fp_mul','bls_fp_mul',[8000,48,8048,48,9000,48],1000); bytes.fill(255,7000,7064); bench('fp_exp','bls_fp_exp',[8000,48,7000,64,9000,48],50);
 const q=h('198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2 1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed 090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b 12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa'); const a1=h('0000000000000000000000000000000000000000000000000000000000000001 0000000000000000000000000000000000000000000000000000000000000002');
 for(let i=0;i<20;i++){bytes.set(a1,100000+192*i);bytes.set(q,100064+192*i);} bytes.fill(0x29,6000,6032);
 bench('bn_add','alt_bn128_add',[100000,64,100192,64,9000,64],200); call('alt_bn128_add',100000,64,100192,64,9000,64); bytes.copyWithin(9100,9000,9064); bench('bn_mul','alt_bn128_mul',[9100,64,6000,32,9000,64],20); for(const n of [1,2,8]) bench('bn_pair '+n,'alt_bn128_pair',[100000,192*n],5);
 for(const [b,e,m] of [[32,32,32],[64,64,64],[256,256,256],[512,512,512],[1024,64,1024],[4096,16,4096],[16384,4,16384]] as const){ bytes.fill(0xf7,110000,110000+b); bytes.fill(0xff,130000,130000+e); bytes.fill(0xe3,150000,150000+m); bench(`modexp ${b}/${e}/${m}`,'mod_exp',[110000,b,130000,e,150000,m,170000,m],b>300?2:50); }
}
