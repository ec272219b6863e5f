import { DirectoryInstall } from "../../cache/device/directory_install.ts";
import type { InstallTarget, ManagedStore, TreeWriter } from "../../src/ports/mod.ts";

/** What every change throws once the power is gone: no error of ours, nothing may handle it. */
export class PowerLoss extends Error {}

/**
 * An installation whose machine loses its power at one chosen change to the disk: either just before the
 * change or just after it, and nothing reaches the disk from then on.
 */
export class MortalTarget {
  /** Changes that were asked for so far, the fatal one included. */
  changes = 0;
  readonly target: InstallTarget;
  readonly #fatal: number;
  readonly #moment: "before" | "after";

  /** Dies at change number `fatal`, from 1; never when it is `Infinity`. */
  constructor(folder: string, fatal: number, moment: "before" | "after") {
    this.#fatal = fatal;
    this.#moment = moment;
    this.target = this.#wrap(new DirectoryInstall(folder));
  }

  async #change<T>(make: () => Promise<T>): Promise<T> {
    const number = ++this.changes;
    if (number > this.#fatal || (number === this.#fatal && this.#moment === "before")) {
      throw new PowerLoss();
    }
    const result = await make();
    if (number === this.#fatal) throw new PowerLoss();
    return result;
  }

  #wrap(real: InstallTarget): InstallTarget {
    const state: ManagedStore = {
      get: (key, options) => real.state.get(key, options),
      head: (key, options) => real.state.head(key, options),
      list: (prefix, options) => real.state.list(prefix, options),
      put: (key, bytes, options) => this.#change(() => real.state.put(key, bytes, options)),
      delete: (key, options) => this.#change(() => real.state.delete(key, options)),
    };
    return {
      location: real.location,
      state,
      pointer: () => real.pointer(),
      strangers: () => real.strangers(),
      trees: () => real.trees(),
      read: (name) => real.read(name),
      freeBytes: () => real.freeBytes(),
      // The lock goes with the process, as it does with a machine.
      lock: () => real.lock(),
      point: (name) => this.#change(() => real.point(name)),
      rename: (from, to) => this.#change(() => real.rename(from, to)),
      remove: (name) => this.#change(() => real.remove(name)),
      write: (name) => this.#writer(real.write(name)),
    };
  }

  #writer(real: TreeWriter): TreeWriter {
    return {
      directory: (entry) => this.#change(() => real.directory(entry)),
      link: (entry) => this.#change(() => real.link(entry)),
      file: (entry) => this.#change(() => real.file(entry)),
      write: (bytes) => this.#change(() => real.write(bytes)),
      finish: () => this.#change(() => real.finish()),
      discard: () => this.#change(() => real.discard()),
      // Handles, too, go with the process.
      interrupt: () => real.interrupt(),
    };
  }
}
