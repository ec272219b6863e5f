/** A file that is being written, front to back. What was written counts for nothing until its writer says so. */
export interface FileSink {
  /** Drops what was written: the file begins anew. */
  restart(): Promise<void>;
  /** Appends bytes, which are not used again by the caller. */
  write(bytes: Uint8Array): Promise<void>;
}
