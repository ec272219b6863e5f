import type { AddressResolver } from "./address_resolver.ts";
import { codeBytes, type RegionPredictor, type Stretch } from "./stretch.ts";
import { X86_BRANCH, X86_LEADS, X86_NONE, x86Reference } from "./x86_reference.ts";

/** x86-64 code: references where they are recognised and their target is in the image, else bytes. */
export class X86Code implements RegionPredictor {
  readonly #resolver: AddressResolver;

  /** Resolves targets with `resolver`, and teaches it. */
  constructor(resolver: AddressResolver) {
    this.#resolver = resolver;
  }

  code(stretch: Stretch): number {
    const { coder, pair, region, old, at, offset, output, outputAt, newOffset, count } = stretch;
    const resolver = this.#resolver;
    const code = old.bytes;
    const last = region.delta === undefined ? 0 : Math.min(count, stretch.available - 3);
    const base = offset + (region.delta ?? 0) + 4;
    let pending = 0;
    let i = 0;
    while (i < last) {
      const lead = X86_LEADS[code[at + i - 1] as number] === 1;
      const kind = lead ? x86Reference(code, at + i) : X86_NONE;
      if (kind === X86_NONE) {
        i++;
        continue;
      }
      const target = base + i + old.view.getInt32(at + i, true);
      const inImage = kind === X86_BRANCH ? pair.old.isCode(target) : pair.old.holds(target);
      const newAddress = inImage ? pair.new.addressOf(newOffset + i) : -1;
      if (newAddress < 0) {
        i++;
        continue;
      }
      codeBytes(stretch, pending, i);
      const next = newAddress + 4;
      const guess = (resolver.resolve(pair, target) - next) | 0;
      const actual = coder.reference(guess, output.view, outputAt + i);
      resolver.learn(pair, target, next + actual);
      i += 4;
      pending = i;
    }
    const end = Math.max(count, i);
    codeBytes(stretch, pending, end);
    return end;
  }
}
