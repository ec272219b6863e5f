import { spawn } from "node:child_process";
import { concatBytes, encodeHex } from "../bytes/mod.ts";
import { BrecciaError } from "../errors.ts";
import { computeKeyId, type Key, type KeyId, type Signer } from "../tuf/mod.ts";

/** No signature is longer, in bytes: a command that prints more is broken. */
const SIGNATURE_BYTES = 4096;

/**
 * Signs through a command, for hardware modules and key services: it reads the message from stdin and
 * writes the signature, as TUF carries it (ECDSA in DER, others raw), to stdout. It is started
 * without a shell, and what it answers is verified before it is used.
 */
export class CommandSigner implements Signer {
  readonly key: Key;
  readonly keyId: KeyId;
  readonly #command: readonly string[];

  private constructor(key: Key, keyId: KeyId, command: readonly string[]) {
    this.key = key;
    this.keyId = keyId;
    this.#command = command;
  }

  /** Signs with `command`, a program and its arguments, for the public key `key`. */
  static async of(key: Key, command: readonly string[]): Promise<CommandSigner> {
    return new CommandSigner(key, await computeKeyId(key), command);
  }

  /**
   * See {@linkcode Signer.sign}.
   *
   * @throws {BrecciaError} `keystore` when the command fails or its signature does not verify.
   */
  async sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#run(message);
    if (await this.key.publicKey?.verify(message, signature) !== true) {
      throw this.#failed(`its signature ${encodeHex(signature.subarray(0, 8))}… does not verify`);
    }
    return signature;
  }

  #run(message: Uint8Array): Promise<Uint8Array> {
    const [program = "", ...args] = this.#command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
      const parts: Uint8Array[] = [];
      let length = 0;
      child.stdout.on("data", (part: Uint8Array) => {
        length += part.length;
        if (length > SIGNATURE_BYTES) child.kill();
        else parts.push(part);
      });
      child.on("error", (cause) => reject(this.#failed("it can't be started", cause)));
      child.on("close", (code) => {
        if (code !== 0) return reject(this.#failed(`it ended with ${code ?? "a signal"}`));
        resolve(concatBytes(parts));
      });
      // A command that ends without reading is reported by its exit code.
      child.stdin.on("error", () => {});
      child.stdin.end(message);
    });
  }

  #failed(why: string, cause?: unknown): BrecciaError {
    return new BrecciaError(
      "keystore",
      `Cannot sign with the command ${this.#command[0] ?? ""}: ${why}; run it by hand to see`,
      { cause },
    );
  }
}
