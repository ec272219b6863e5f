import type { AddressResolver } from "./address_resolver.ts";
import { FunctionShifts } from "./function_shifts.ts";
import type { PairLayout } from "./pair_layout.ts";
import { codeBytes, type RegionPredictor, type Stretch } from "./stretch.ts";
import { lebLength, lebValue, MAX_OPERAND_BYTES, putLeb, WasmOperand } from "./wasm_operand.ts";

/** Go's code addresses are a function index times this, plus the number of a block. */
const CODE_ADDRESS_UNIT = 65_536;

/** WebAssembly code: operands that may be functions or addresses, else bytes. */
export class WasmCode implements RegionPredictor {
  readonly #resolver: AddressResolver;
  readonly #functions = new FunctionShifts();
  readonly #operand = new WasmOperand();
  /** Scratch by length of the operand. */
  readonly #guesses = Array.from({ length: MAX_OPERAND_BYTES + 1 }, (_, n) => new Uint8Array(n));

  /** Resolves addresses with `resolver`, and teaches it. */
  constructor(resolver: AddressResolver) {
    this.#resolver = resolver;
  }

  /** Forgets what was learnt. */
  reset(): void {
    this.#functions.reset();
  }

  code(stretch: Stretch): number {
    const { coder, pair, old, at, output, outputAt, count, available } = stretch;
    const operand = this.#operand;
    let pending = 0;
    let i = 0;
    while (i < count) {
      if (!operand.read(old.bytes, at + i, available - i)) {
        i++;
        continue;
      }
      codeBytes(stretch, pending, i);
      const { value, isFunction, length } = operand;
      const guess = this.#guesses[length] as Uint8Array;
      putLeb(guess, this.#resolve(pair, value, isFunction), length);
      coder.operand(guess, output.bytes, outputAt + i);
      if (lebLength(output.bytes, outputAt + i, length) === length) {
        this.#learn(pair, value, isFunction, lebValue(output.bytes, outputAt + i, length));
      }
      i += length;
      pending = i;
    }
    codeBytes(stretch, pending, i);
    return i;
  }

  #resolve(pair: PairLayout, value: number, isFunction: boolean): number {
    if (isFunction) return this.#functions.resolve(value);
    if (pair.old.holds(value)) return this.#resolver.resolve(pair, value);
    const index = Math.floor(value / CODE_ADDRESS_UNIT);
    return value + (this.#functions.resolve(index) - index) * CODE_ADDRESS_UNIT;
  }

  #learn(pair: PairLayout, value: number, isFunction: boolean, actual: number): void {
    if (isFunction) {
      this.#functions.learn(value, actual);
    } else if (pair.old.holds(value)) {
      this.#resolver.learn(pair, value, actual);
    } else {
      const index = Math.floor(value / CODE_ADDRESS_UNIT);
      this.#functions.learn(index, Math.floor(actual / CODE_ADDRESS_UNIT));
    }
  }
}
