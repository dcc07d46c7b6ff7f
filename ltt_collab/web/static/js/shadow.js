// A learner's notebook, live.

import { NotebookView } from './notebook.js'
import { FeedView } from './feed.js'
import { say } from './page.js'

const room = document.getElementById('shadow')
const words = room.dataset
const status = document.getElementById('shadow-status')
const people = document.getElementById('shadow-people')
const waiting = document.getElementById('notebook-waiting')
const form = document.getElementById('whisper')

const notebook = new NotebookView(document.getElementById('notebook'), {
  onPick: form ? pick : null,
  pickLabel: words.pick
})
const feed = new FeedView(document.getElementById('feed'), document.getElementById('feed-empty'),
  (cell) => notebook.reveal(cell))

function said (key, kind) {
  status.textContent = words[key]
  status.className = `tag ${kind}`
}

function stateChanged (state) {
  if (state === 'live') said('live', 'good')
  else if (state === 'left') said('left', 'warn')
  else said('reconnecting', 'warn')
}

function show (frame) {
  notebook.apply(frame)
  if (frame.state) stateChanged(frame.state)
  if (frame.path) document.getElementById('shadow-path').textContent = frame.path
  if (frame.people) showPeople(frame.people)
  if (frame.feed) feed.add(frame.feed)
  waiting.hidden = notebook.cells.length > 0
}

function showPeople (everybody) {
  const names = new Map(everybody.map((who) => [`${who.hue} ${who.name}`, who]))
  people.replaceChildren(...[...names.values()].map((who) => {
    const item = document.createElement('li')
    item.className = `person hue-${who.hue}`
    item.textContent = who.name
    return item
  }))
}

let state = 'live'
const stream = new EventSource(words.frames)
stream.addEventListener('fresh', (event) => {
  const frame = JSON.parse(event.data)
  notebook.clear()
  feed.clear()
  state = frame.state || 'live'
  show(frame)
  stateChanged(state)
})
stream.addEventListener('frame', (event) => {
  const frame = JSON.parse(event.data)
  state = frame.state || state
  show(frame)
})
stream.addEventListener('end', () => {
  stream.close()
  said('left', 'warn')
})
stream.addEventListener('error', () => {
  // A browser gives up when the room is not there any more, and tries again otherwise.
  said(stream.readyState === EventSource.CLOSED ? 'left' : 'lost', 'bad')
})

for (const choice of document.querySelectorAll('input[name=feed-group]')) {
  choice.addEventListener('change', () => feed.filter(choice.value))
}

function pick (cell) {
  for (const other of notebook.cells) other.element.classList.toggle('picked', other === cell && form.cell.value !== cell.id)
  form.cell.value = form.cell.value === cell.id ? '' : cell.id
  document.getElementById('whisper-where').textContent = form.cell.value ? words.whisperCell : words.whisperHere
  form.text.focus()
}

if (form) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    button.disabled = true
    try {
      const { 'X-CSRF-Token': token } = JSON.parse(document.body.getAttribute('hx-headers'))
      const body = new URLSearchParams(new FormData(form))
      const answer = await fetch(form.action, { method: 'POST', body, headers: { 'X-CSRF-Token': token } })
      const plain = answer.headers.get('content-type').startsWith('application/json')
      const told = plain ? await answer.json() : { said: false, text: await answer.text() }
      say(told.text, told.said ? 'good' : 'bad')
      if (told.said) form.text.value = ''
    } catch {
      say(words.lost, 'bad')
    } finally {
      button.disabled = false
    }
  })
}
