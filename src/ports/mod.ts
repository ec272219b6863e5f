/**
 * The interfaces through which the portable core reaches the world: clock, HTTP, stores, file trees.
 * Composition roots (`workers/`, `src/cli`, `bin/`) choose the implementations.
 *
 * @module
 */

export * from "./clock.ts";
export * from "./file_sink.ts";
export * from "./http.ts";
export * from "./install_target.ts";
export * from "./log.ts";
export * from "./random_access.ts";
export * from "./store.ts";
export * from "./tracer.ts";
export * from "./tree.ts";
