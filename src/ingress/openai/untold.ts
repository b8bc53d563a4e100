/** What of a chat-completions request the Messages API has no form for. It passes to servers of the chat-completions wire as it came. */
export class Untold {
  /** Names of fields that change the answer a little, or nothing: left out where the request is written anew. */
  readonly dropped: string[] = []
  /** Why the request cannot be written anew at all; null where it can. The first reason counts. */
  refusal: string | null = null

  /** Something without which the answer would not be what was asked for. @param path where it stands, e.g. `messages.0.content.1` */
  refuse (path: string, why: string): void {
    this.refusal ??= `${path}: ${why}`
  }
}
