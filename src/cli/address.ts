/** How programs of this machine reach a service that listens there. */
export function addressOf ({ host, port }: { readonly host: string, readonly port: number }): string {
  const name = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
