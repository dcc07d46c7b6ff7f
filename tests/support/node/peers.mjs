// Several Yjs documents driven from stdin, one JSON request a line, one JSON answer a line.
import * as readline from 'node:readline'
import * as Y from 'yjs'

const peers = new Map()

function openPeer(name, clientID) {
  const doc = new Y.Doc()
  if (clientID) doc.clientID = clientID
  const peer = { doc, cells: doc.getArray('cells'), outbox: [] }
  doc.on('update', (update, origin) => { if (origin !== 'remote') peer.outbox.push(update) })
  peers.set(name, peer)
  return peer
}

function textOf(peer, cellId) {
  for (const cell of peer.cells) if (cell.get('id') === cellId) return cell.get('source')
  throw new Error(`no cell ${cellId}`)
}

function newCell(id, source, type) {
  const cell = new Y.Map()
  cell.set('id', id)
  cell.set('cell_type', type)
  cell.set('source', new Y.Text(source))
  cell.set('metadata', new Y.Map())
  if (type === 'code') {
    cell.set('outputs', new Y.Array())
    cell.set('execution_count', null)
    cell.set('execution_state', 'idle')
  }
  return cell
}

const indexOf = (peer, id) => peer.cells.toArray().findIndex(cell => cell.get('id') === id)

const verbs = {
  open: (_peer, { peer, client }) => openPeer(peer, client).doc.clientID,
  apply: (peer, { update }) => { Y.applyUpdate(peer.doc, Buffer.from(update, 'base64'), 'remote'); return null },
  update: peer => Buffer.from(Y.encodeStateAsUpdate(peer.doc)).toString('base64'),
  insert: (peer, { cell, index, text }) => { textOf(peer, cell).insert(index, text); return null },
  erase: (peer, { cell, index, length }) => { textOf(peer, cell).delete(index, length); return null },
  addCell: (peer, { index, cell, source, type = 'code' }) => { peer.cells.insert(index, [newCell(cell, source, type)]); return null },
  removeCell: (peer, { cell }) => { peer.cells.delete(indexOf(peer, cell), 1); return null },
  cells: peer => peer.cells.toArray().map(cell => ({
    id: cell.get('id'), source: cell.get('source').toString(), metadata: cell.get('metadata').toJSON(),
  })),
  post: (peer, { message, sender, text }) => {
    const entry = new Y.Map()
    for (const [key, value] of Object.entries({ type: 'msg', id: message, body: text, time: Date.now() / 1000, raw_time: true, sender })) entry.set(key, value)
    peer.doc.getArray('messages').push([entry])
    return null
  },
  reword: (peer, { message, text }) => {
    peer.doc.getArray('messages').toArray().find(entry => entry.get('id') === message).set('body', text)
    return null
  },
  messages: peer => peer.doc.getArray('messages').toJSON(),
  chatUsers: peer => peer.doc.getMap('users').toJSON(),
  pending: peer => peer.doc.store.pendingStructs !== null || peer.doc.store.pendingDs !== null,
  relative: (peer, { cell, index }) => Y.createRelativePositionFromTypeIndex(textOf(peer, cell), index),
  absolute: (peer, { position }) => {
    const found = Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(position), peer.doc)
    if (found === null) return null
    const cell = peer.cells.toArray().find(cell => cell.get('source') === found.type)
    return { cell: cell ? cell.get('id') : null, index: found.index }
  },
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  const peer = peers.get(request.peer)
  let answer
  try {
    answer = { result: verbs[request.verb](peer, request) }
  } catch (error) {
    answer = { error: String(error) }
  }
  const outbox = (peers.get(request.peer)?.outbox ?? []).splice(0)
  answer.updates = outbox.map(update => Buffer.from(update).toString('base64'))
  process.stdout.write(JSON.stringify(answer) + '\n')
}
