import type { AddressResolver } from "./address_resolver.ts";
import { ARM64_BRANCH, ARM64_LOW, arm64Page, Arm64Reference } from "./arm64_reference.ts";
import { codeBytes, type RegionPredictor, type Stretch } from "./stretch.ts";

/** arm64 code: whole instructions where they refer to the image, else bytes. */
export class Arm64Code implements RegionPredictor {
  readonly #resolver: AddressResolver;
  readonly #instruction = new Arm64Reference();

  /** Resolves targets with `resolver`, and teaches it. */
  constructor(resolver: AddressResolver) {
    this.#resolver = resolver;
  }

  code(stretch: Stretch): number {
    const { coder, pair, region, old, at, offset, output, outputAt, newOffset, count } = stretch;
    const instruction = this.#instruction;
    const aligned = region.delta !== undefined && (offset - newOffset) % 4 === 0;
    const last = aligned ? Math.min(count, stretch.available - 3) : 0;
    let pending = 0;
    for (let i = -offset & 3; i < last; i += 4) {
      const address = offset + i + (region.delta ?? 0);
      const before = offset + i - region.codeStart;
      const after = region.codeEnd - offset - i;
      if (!instruction.read(old.view, at + i, address, before, after)) continue;
      const target = instruction.target;
      const newAddress = pair.old.holds(target) ? pair.new.addressOf(newOffset + i) : -1;
      if (newAddress < 0) continue;
      codeBytes(stretch, pending, i);
      const word = old.view.getInt32(at + i, true);
      const resolved = this.#resolver.resolve(pair, target);
      const guess = instruction.withTarget(word, resolved, newAddress);
      const actual = coder.reference(guess, output.view, outputAt + i);
      this.#learn(stretch, i, guess, actual, newAddress);
      pending = i + 4;
    }
    const end = Math.max(count, pending);
    codeBytes(stretch, pending, end);
    return end;
  }

  /** An instruction tells its target when it is a branch, or completes an `ADRP` of the same segment. */
  #learn(stretch: Stretch, i: number, guess: number, actual: number, newAddress: number): void {
    const { kind, target, distance, scale } = this.#instruction;
    const at = stretch.outputAt + i;
    if (kind === ARM64_BRANCH) {
      if (actual >>> 26 !== guess >>> 26) return;
      this.#resolver.learn(stretch.pair, target, newAddress + ((actual << 6) >> 4));
    } else if (kind === ARM64_LOW && at >= distance) {
      const before = stretch.output.view.getUint32(at - distance, true);
      const page = arm64Page(before, newAddress - distance);
      if (page < 0) return;
      this.#resolver.learn(stretch.pair, target, page + (((actual >>> 10) & 0xfff) << scale));
    }
  }
}
