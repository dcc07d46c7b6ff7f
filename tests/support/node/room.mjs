// One browser's side of a room: Yjs and y-protocols as y-websocket wires them, driven from stdin, a JSON line each way.
import * as readline from 'node:readline'
import * as Y from 'yjs'
import * as awarenessProtocol from 'y-protocols/awareness'
import * as syncProtocol from 'y-protocols/sync'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

const SYNC = 0
const AWARENESS = 1
const doc = new Y.Doc()
const text = doc.getText('text')
const awareness = new awarenessProtocol.Awareness(doc)
let outgoing = []
let changes = []

function send(kind, write) {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, kind)
  write(encoder)
  outgoing.push(encoding.toUint8Array(encoder))
}

const say = clients => send(AWARENESS, encoder =>
  encoding.writeVarUint8Array(encoder, awarenessProtocol.encodeAwarenessUpdate(awareness, clients)))

doc.on('update', (update, origin) => {
  if (origin !== 'room') send(SYNC, encoder => syncProtocol.writeUpdate(encoder, update))
})
awareness.on('update', ({ added, updated, removed }, origin) => {
  if (origin === 'local') say([...added, ...updated, ...removed])
})
awareness.on('change', change => changes.push(change))

function receive(bytes) {
  const decoder = decoding.createDecoder(bytes)
  const kind = decoding.readVarUint(decoder)
  if (kind === AWARENESS) {
    awarenessProtocol.applyAwarenessUpdate(awareness, decoding.readVarUint8Array(decoder), 'room')
    return
  }
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, SYNC)
  syncProtocol.readSyncMessage(decoder, encoder, doc, 'room')
  if (encoding.length(encoder) > 1) outgoing.push(encoding.toUint8Array(encoder))
}

const verbs = {
  client: () => doc.clientID,
  ask: () => send(SYNC, encoder => syncProtocol.writeSyncStep1(encoder, doc)),
  receive: ({ frame }) => receive(Buffer.from(frame, 'base64')),
  insert: ({ index, content }) => text.insert(index, content),
  erase: ({ index, length }) => text.delete(index, length),
  text: () => text.toString(),
  show: ({ state }) => awareness.setLocalState(state),
  states: () => Object.fromEntries(awareness.getStates()),
  clocks: () => Object.fromEntries([...awareness.meta].map(([client, meta]) => [client, meta.clock])),
  changes: () => changes.splice(0),
  varuint: ({ number }) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, number)
    return Buffer.from(encoding.toUint8Array(encoder)).toString('hex')
  },
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { verb, ...request } = JSON.parse(line)
  const answer = {}
  try {
    answer.result = verbs[verb](request) ?? null
  } catch (error) {
    answer.error = String(error)
  }
  answer.frames = outgoing.splice(0).map(frame => Buffer.from(frame).toString('base64'))
  process.stdout.write(JSON.stringify(answer) + '\n')
}
