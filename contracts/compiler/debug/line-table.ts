/**
 * Line tables of DWARF 4, as clang writes them into WebAssembly: which source line a place of the code comes from.
 * Addresses count from the beginning of the code section's content. (DWARF Debugging Information Format 4, section 6.2.)
 */

/** A place where a statement begins. */
export type LineRow = { readonly address: number; readonly file: string; readonly line: number };

/** Bytes that are no line table. */
export class LineTableError extends Error {
  override readonly name = 'LineTableError';
}

/** Rows of one table at most; a contract of 300 KB has some ten thousand. */
const ROWS_MAX = 4_000_000;

const standard = {
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  setColumn: 5,
  negateStatement: 6,
  setBasicBlock: 7,
  constAddPc: 8,
  fixedAdvancePc: 9,
  setPrologueEnd: 10,
  setEpilogueBegin: 11,
  setIsa: 12,
} as const;
const extended = { endSequence: 1, setAddress: 2, defineFile: 3, setDiscriminator: 4 } as const;

/**
 * Rows that begin statements, in the order of the section. Functions that the linker has left out have address 0 and give
 * no rows. @throws LineTableError
 */
export function readLineTable(section: Uint8Array): LineRow[] {
  const rows: LineRow[] = [];
  const cursor = new Cursor(section, 0, section.length);
  while (!cursor.atEnd) {
    const length = cursor.u32();
    if (length >= 0xfffffff0) throw new LineTableError('a table of the 64-bit format is not supported');
    readUnit(cursor.part(length), rows);
  }
  return rows;
}

type Header = {
  readonly instructionBytes: number;
  readonly statementDefault: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of the standard opcodes, from opcode 1 on. */
  readonly operands: readonly number[];
  readonly files: readonly string[];
};

function readUnit(unit: Cursor, rows: LineRow[]): void {
  const version = unit.u16();
  if (version < 2 || version > 4) throw new LineTableError(`a line table of DWARF ${version} is not supported`);
  const program = unit.split(unit.u32());
  const header = readHeader(unit, version);
  runProgram(program, header, rows);
}

function readHeader(cursor: Cursor, version: number): Header {
  const instructionBytes = cursor.u8();
  if (version >= 4) cursor.u8();
  const statementDefault = cursor.u8() !== 0;
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  if (lineRange === 0 || opcodeBase === 0) throw new LineTableError('a line table without opcodes');
  const operands = Array.from({ length: opcodeBase - 1 }, () => cursor.u8());
  const directories = [''];
  for (let name = cursor.text(); name !== ''; name = cursor.text()) directories.push(name);
  const files = [''];
  for (let name = cursor.text(); name !== ''; name = cursor.text()) {
    const directory = directories[cursor.leb()] ?? '';
    cursor.leb();
    cursor.leb();
    files.push(name.startsWith('/') || directory === '' ? name : `${directory}/${name}`);
  }
  return { instructionBytes, statementDefault, lineBase, lineRange, opcodeBase, operands, files };
}

function runProgram(cursor: Cursor, header: Header, rows: LineRow[]): void {
  const { instructionBytes, lineBase, lineRange, opcodeBase } = header;
  const start = () => ({ address: 0, file: 1, line: 1, isStatement: header.statementDefault });
  let at = start();
  let isLive = false;
  const emit = (): void => {
    if (!at.isStatement || !isLive) return;
    const file = header.files[at.file];
    if (file === undefined) throw new LineTableError(`file ${at.file} is not in the table`);
    if (rows.length >= ROWS_MAX) throw new LineTableError(`more than ${ROWS_MAX} rows`);
    rows.push({ address: at.address, file, line: at.line });
  };
  const special = (opcode: number): void => {
    const adjusted = opcode - opcodeBase;
    at.address += Math.floor(adjusted / lineRange) * instructionBytes;
    at.line += lineBase + (adjusted % lineRange);
  };
  while (!cursor.atEnd) {
    const opcode = cursor.u8();
    if (opcode >= opcodeBase) {
      special(opcode);
      emit();
      continue;
    }
    switch (opcode) {
      case 0: {
        const operation = cursor.part(cursor.leb());
        if (operation.atEnd) throw new LineTableError('an empty extended opcode');
        const code = operation.u8();
        if (code === extended.endSequence) {
          at = start();
          isLive = false;
        } else if (code === extended.setAddress) {
          at.address = operation.u32();
          isLive = at.address !== 0;
        }
        break;
      }
      case standard.copy:
        emit();
        break;
      case standard.advancePc:
        at.address += cursor.leb() * instructionBytes;
        break;
      case standard.advanceLine:
        at.line += cursor.signedLeb();
        break;
      case standard.setFile:
        at.file = cursor.leb();
        break;
      case standard.negateStatement:
        at.isStatement = !at.isStatement;
        break;
      case standard.constAddPc:
        at.address += Math.floor((255 - opcodeBase) / lineRange) * instructionBytes;
        break;
      case standard.fixedAdvancePc:
        at.address += cursor.u16();
        break;
      default:
        for (let i = header.operands[opcode - 1]!; i > 0; i--) cursor.leb();
    }
  }
}

/** Reads a part of the section, never beyond it. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  u16(): number {
    const at = this.#advance(2);
    return this.#bytes[at]! | (this.#bytes[at + 1]! << 8);
  }

  u32(): number {
    return this.u16() + this.u16() * 0x10000;
  }

  /** Unsigned LEB128, at most 2^53. */
  leb(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new LineTableError('a number is too long');
  }

  signedLeb(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - scale * 128;
    }
    throw new LineTableError('a number is too long');
  }

  text(): string {
    const start = this.#position;
    while (this.u8() !== 0);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#position - 1 - start).toString('utf8');
  }

  /** The next `length` bytes as a cursor of their own; this one goes on behind them. */
  part(length: number): Cursor {
    const start = this.#advance(length);
    return new Cursor(this.#bytes, start, start + length);
  }

  /** What follows the next `length` bytes, which are left for this cursor. */
  split(length: number): Cursor {
    const start = this.#position + length;
    if (start > this.#end) throw new LineTableError('the table ends within its header');
    return new Cursor(this.#bytes, start, this.#end);
  }

  #advance(count: number): number {
    const at = this.#position;
    if (count > this.#end - at) throw new LineTableError('the table ends within an entry');
    this.#position = at + count;
    return at;
  }
}
