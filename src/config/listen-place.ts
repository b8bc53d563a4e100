/** Where a document says to listen, whether its form was checked or not. */
export function listenPlace ({ HOST: host = '127.0.0.1', PORT: port = 3456 }: Readonly<Record<string, unknown>>): { host: string, port: number } {
  return { host: String(host), port: Number(port) }
}
