/** The parts of the WebAssembly interface that tests use; TypeScript declares it only together with the whole DOM. */
declare const WebAssembly: {
  readonly Memory: new (limits: {
    initial: number;
    maximum?: number;
  }) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly Module: new (bytes: Uint8Array) => object;
  validate(bytes: Uint8Array): boolean;
};
