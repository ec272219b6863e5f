/** One element of `Accept-Encoding`: a coding, or `*`, and how much it is wanted (RFC 9110, section 12.4.2). */
const ELEMENT = /^([!#$%&'*+.^_`|~0-9a-z-]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/** How much a client wants each coding, from 0 to 1. */
export class AcceptedCodings {
  readonly #weights = new Map<string, number>();
  readonly #isGiven: boolean;

  /** Reads an `Accept-Encoding` header; elements that are none are passed over. */
  constructor(header: string | null) {
    this.#isGiven = header !== null;
    for (const part of header?.toLowerCase().split(",") ?? []) {
      const element = ELEMENT.exec(part.trim());
      if (element !== null) this.#weights.set(element[1] as string, Number(element[2] ?? 1));
    }
  }

  /** Whether `coding` is wanted by its name, and no less than the file as it is. */
  prefers(coding: string): boolean {
    const weight = this.#weights.get(coding) ?? 0;
    return weight > 0 && weight >= (this.#weights.get("identity") ?? 0);
  }

  /** Whether `coding` may be sent at all. */
  accepts(coding: string): boolean {
    if (!this.#isGiven) return coding === "identity";
    const weight = this.#weights.get(coding) ?? this.#weights.get("*");
    // What is not excluded by name or by "*" may always be sent as it is (section 12.5.3).
    return weight === undefined ? coding === "identity" : weight > 0;
  }
}
