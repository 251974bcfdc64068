import { type ResolvedOptions, policyOf } from '../options.js'
import { PROTOCOL_VERSION } from '../protocol.js'
import { type RpcConnection, RpcError } from '../rpc.js'

/** The sidecar has not said a word in time: it may, once the machine is less busy. */
export class LateHandshake extends Error {}

/** Resolves when the sidecar has agreed to serve, and rejects with what is wrong: it may refuse, be `over`, or never say a word. */
export async function shakeHands(
  connection: RpcConnection,
  options: ResolvedOptions,
  over: Promise<string>,
): Promise<void> {
  // A cold start of the program may take longer than any answer.
  const milliseconds = options.callDeadline * 5
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const problem = new LateHandshake(`the sidecar did not answer initialize within ${milliseconds} ms`)
    timer = setTimeout(() => reject(problem), milliseconds)
    timer.unref()
  })
  const problem = await Promise.race([
    initialize(connection, options).catch((error: unknown) =>
      error instanceof RpcError ? `the sidecar refused: ${error.message}` : over,
    ),
    over,
    late,
  ]).finally(() => clearTimeout(timer))
  if (problem !== undefined) throw new Error(problem)
}

/** What keeps the two from understanding each other, in a sentence. */
async function initialize(connection: RpcConnection, options: ResolvedOptions): Promise<string | undefined> {
  const result = await connection.request('initialize', {
    processId: process.pid,
    capabilities: {},
    clientInfo: { name: 'evenkeel' },
    initializationOptions: { protocolVersion: PROTOCOL_VERSION, policy: policyOf(options) },
  })
  type Initialized =
    { capabilities?: { experimental?: { evenkeel?: { protocolVersion?: number } } } } | null | undefined
  const spoken = (result as Initialized)?.capabilities?.experimental?.evenkeel?.protocolVersion
  if (spoken === PROTOCOL_VERSION) return undefined
  return `the sidecar speaks protocol ${spoken}, this plugin speaks ${PROTOCOL_VERSION}: install the same version of both`
}
