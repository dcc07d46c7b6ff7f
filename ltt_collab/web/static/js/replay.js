// A session over again: a clock of its own, and for each of its moments the notebook as it was.

import { NotebookView } from './notebook.js'
import { FeedView } from './feed.js'
import { say } from './page.js'

const FRAME_MS = 100
const EARLIER_MS = 1500

const page = document.getElementById('replay')
const { base, session } = page.dataset
const position = document.getElementById('replay-position')
const clock = document.getElementById('replay-clock')
const play = document.getElementById('replay-play')
const speed = document.getElementById('replay-speed')
const people = document.getElementById('replay-people')

const notebook = new NotebookView(document.getElementById('notebook'))
const feed = new FeedView(document.getElementById('feed'), document.getElementById('feed-empty'),
  (cell) => notebook.reveal(cell))

let timeline = null
let at = 0 // seconds since the session's first event
let shown = -1 // events that what is shown has behind it
let told = 0 // entries that the feed shows
let playing = false
let asking = false
let ticked = 0

const told_time = (seconds) => {
  const whole = Math.floor(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const [hours, minutes, rest] = parts
  const tail = `${String(rest).padStart(2, '0')}`
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

async function get (path, query) {
  const answer = await fetch(`${base}/${path}?${new URLSearchParams({ session, ...query })}`)
  if (!answer.ok) throw new Error(`${answer.status}`)
  return answer.json()
}

async function show () {
  if (asking || !timeline) return
  asking = true
  try {
    let wanted
    do {
      wanted = at
      const { count, frame } = await get('frame', { at: timeline.start + wanted, since: shown })
      notebook.apply(frame)
      if (frame.people) showPeople(frame.people)
      shown = count
      document.getElementById('notebook-waiting').hidden = notebook.cells.length > 0
      showFeed(timeline.start + wanted)
    } while (wanted !== at && !playing)
  } catch {
    setPlaying(false)
    say(page.dataset.lost, 'bad')
  } finally {
    asking = false
  }
}

function showFeed (now) {
  const count = timeline.entries.filter((entry) => entry.at <= now).length
  if (count >= told) feed.add(timeline.entries.slice(told, count))
  else feed.show(timeline.entries.slice(0, count))
  told = count
}

function showPeople (everybody) {
  people.replaceChildren(...everybody.map((who) => {
    const item = document.createElement('li')
    item.className = `person hue-${who.hue}`
    item.textContent = who.name
    return item
  }))
}

function move (seconds) {
  const length = timeline.end - timeline.start
  at = Math.min(Math.max(seconds, 0), length)
  position.value = String(at)
  position.setAttribute('aria-valuetext', told_time(at))
  clock.textContent = `${told_time(at)} / ${told_time(length)}`
  if (at >= length) setPlaying(false)
  return show()
}

function setPlaying (yes) {
  playing = yes
  play.textContent = yes ? page.dataset.pause : page.dataset.play
  ticked = performance.now()
}

setInterval(() => {
  if (!playing || asking) return
  const now = performance.now()
  const passed = (now - ticked) / 1000 * Number(speed.value)
  ticked = now
  move(at + passed)
}, FRAME_MS)

function jump (way) {
  const now = timeline.start + at
  const times = timeline.moments.map((moment) => moment.at)
  const found = way > 0
    ? times.find((time) => time > now + 0.001)
    : times.filter((time) => time < now - EARLIER_MS / 1000).pop()
  move(found === undefined ? (way > 0 ? timeline.end - timeline.start : 0) : found - timeline.start)
}

const cut = (text, length) => text.length > length ? `${text.slice(0, length - 1)}…` : text

function showMoments () {
  const list = document.getElementById('moments')
  const length = Math.max(timeline.end - timeline.start, 1)
  list.replaceChildren(...timeline.moments.map((moment) => {
    const item = document.createElement('li')
    item.className = `tick-${moment.kind}`
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = `${told_time(moment.at - timeline.start)}  ${moment.title}${moment.text ? ` – ${cut(moment.text, 80)}` : ''}`
    button.addEventListener('click', async () => {
      setPlaying(false)
      await move(moment.at - timeline.start)
      if (moment.cell) notebook.reveal(moment.cell)
    })
    item.append(button)
    return item
  }))
  document.getElementById('moments-empty').hidden = timeline.moments.length > 0
  const ticks = document.getElementById('replay-ticks')
  ticks.setAttribute('viewBox', '0 0 1000 10')
  ticks.replaceChildren(...timeline.moments.map((moment) => {
    const tick = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    tick.setAttribute('x', String((moment.at - timeline.start) / length * 1000 - 1.5))
    tick.setAttribute('width', '3')
    tick.setAttribute('height', '10')
    tick.setAttribute('class', `tick-${moment.kind}`)
    return tick
  }))
}

play.addEventListener('click', () => {
  if (!timeline) return
  if (!playing && at >= timeline.end - timeline.start) move(0)
  setPlaying(!playing)
})
position.addEventListener('input', () => { if (timeline) move(Number(position.value)) })
speed.addEventListener('change', () => { ticked = performance.now() })
document.getElementById('replay-back').addEventListener('click', () => timeline && jump(-1))
document.getElementById('replay-forward').addEventListener('click', () => timeline && jump(1))
for (const choice of document.querySelectorAll('input[name=feed-group]')) {
  choice.addEventListener('change', () => feed.filter(choice.value))
}

const sessions = document.getElementById('replay-session')
for (const option of sessions.options) {
  const [first, last] = [option.dataset.first, option.dataset.last].map((time) => new Date(Number(time) * 1000))
  const time = { hour: '2-digit', minute: '2-digit' }
  option.textContent = `${first.toLocaleDateString()} ${first.toLocaleTimeString([], time)}–${last.toLocaleTimeString([], time)}`
}
sessions.addEventListener('change', () => { window.location.href = `${base}?session=${sessions.value}` })

try {
  timeline = await get('timeline', {})
  position.max = String(timeline.end - timeline.start)
  if (timeline.missing) {
    const gaps = document.getElementById('replay-gaps')
    gaps.textContent = page.dataset.gaps.replace('{n}', timeline.missing)
    gaps.hidden = false
  }
  showMoments()
  await move(0)
  page.dataset.ready = 'yes'
} catch {
  say(page.dataset.lost, 'bad')
}
