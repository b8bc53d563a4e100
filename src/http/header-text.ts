const MAX_HEADER = 1000

/** A text as the value of a header: printable ASCII; what is not comes percent-encoded. */
export function headerText (text: string): string {
  const printable = /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
  return printable.slice(0, MAX_HEADER)
}
