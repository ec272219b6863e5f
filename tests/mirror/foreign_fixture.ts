import { encodeHex, sha256 } from "../../src/bytes/mod.ts";
import { SimulatedRepository } from "../simulator/repository.ts";
import type { TargetFile } from "../../src/tuf/mod.ts";
import { clock } from "../publish/repository_fixture.ts";

/** A TUF repository that is not ours, behind a static server in memory that counts and can lie. */
export class ForeignOrigin {
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  /** Bytes of targets that were sent. */
  targetBytes = 0;
  /** Answers in place of the honest one when it returns a response. */
  lie: (path: string) => Response | Promise<Response> | undefined = () => undefined;
  readonly #repository: SimulatedRepository;
  readonly #targets = new Map<string, Uint8Array<ArrayBuffer>>();

  private constructor(repository: SimulatedRepository) {
    this.#repository = repository;
  }

  /** A repository with these targets. */
  static async create(
    targets: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  ): Promise<ForeignOrigin> {
    const repository = await SimulatedRepository.create();
    repository.expireAll(clock.now() + 30 * 86_400_000);
    const origin = new ForeignOrigin(repository);
    await repository.publishRoot();
    await origin.publish(targets);
    return origin;
  }

  /** Adds or replaces targets. */
  async publish(targets: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): Promise<void> {
    for (const [path, bytes] of Object.entries(targets)) {
      await this.#repository.addTarget(path, bytes);
      const digest = encodeHex(await sha256(bytes));
      this.#targets.set(path.replace(/[^/]*$/, `${digest}.$&`), bytes);
    }
    await this.#repository.publish({ bump: true });
  }

  /** Lets a team license paths, and signs these targets as the team. */
  async delegate(
    role: string,
    paths: readonly string[],
    targets: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  ): Promise<void> {
    await this.#repository.delegate("targets", role, { scope: { paths } });
    this.#repository.role(role).expires = clock.now() + 30 * 86_400_000;
    for (const [path, bytes] of Object.entries(targets)) {
      await this.#repository.addTarget(path, bytes, role);
      const digest = encodeHex(await sha256(bytes));
      this.#targets.set(path.replace(/[^/]*$/, `${digest}.$&`), bytes);
    }
    await this.#repository.publish({ bump: true });
  }

  /** Publishes metadata of a role that expires at `expires`, in milliseconds since 1970. */
  async expire(role: string, expires: number): Promise<void> {
    this.#repository.role(role).expires = expires;
    await this.#repository.publish({ bump: true });
  }

  /** Signs whatever is claimed of targets, true or not; none of them is served. */
  async claim(targets: Readonly<Record<string, TargetFile>>): Promise<void> {
    const signed = this.#repository.role("targets");
    signed.targets = new Map([...signed.targets, ...Object.entries(targets)]);
    await this.#repository.publish({ bump: true });
  }

  /** Serves these bytes at a path below `targets/`, whatever is signed. */
  serve(location: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#targets.set(location, bytes);
  }

  /** The static server. */
  readonly fetch = (request: Request): Promise<Response> => {
    const path = new URL(request.url).pathname.slice(1);
    this.requests.push(path);
    const lie = this.lie(path);
    if (lie !== undefined) return Promise.resolve(lie);
    const name = path.slice(path.indexOf("/") + 1);
    const target = path.startsWith("targets/") ? this.#targets.get(name) : undefined;
    this.targetBytes += target?.length ?? 0;
    const bytes = target ??
      (path.startsWith("metadata/") ? this.#repository.served.get(name) : undefined);
    return Promise.resolve(
      bytes ? new Response(bytes.slice()) : new Response(null, { status: 404 }),
    );
  };

  /** The first root, as a client ships it. */
  root(): Promise<Uint8Array> {
    return Promise.resolve(this.#repository.served.get("1.root.json") as Uint8Array);
  }
}
