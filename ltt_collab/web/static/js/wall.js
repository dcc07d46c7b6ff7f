// The wall: takes changed cards in, keeps them in order of need, filters them.

const SORT_EVERY_MS = 1500
const MINUTE_CHECK_MS = 10_000

const cards = document.getElementById('cards')
const filters = document.getElementById('filters')
const shown = document.getElementById('shown')
const panel = document.getElementById('panel')

// Every change comes as whole cards: each takes the place of the one with its id.
export function takeIn (html) {
  const template = document.createElement('template')
  template.innerHTML = html
  for (const card of [...template.content.children]) {
    const known = document.getElementById(card.id)
    if (known === null) {
      cards.append(card)
    } else {
      if (known.classList.contains('chosen')) card.classList.add('chosen')
      const focused = known.contains(document.activeElement)
      known.replaceWith(card)
      if (focused) card.querySelector('.open').focus({ preventScroll: true })
    }
    card.hidden = !fits(card)
  }
  document.getElementById('empty').hidden = cards.childElementCount > 0
  sortSoon()
  count()
}

const key = (card) => [Number(card.dataset.rank), -Number(card.dataset.score), card.dataset.name, card.id]

export function compare (one, other) {
  const [a, b] = [key(one), key(other)]
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
  }
  return 0
}

let sorting = 0
function sortSoon () {
  if (sorting === 0) sorting = setTimeout(sort, SORT_EVERY_MS)
}

// Moves only cards out of place, and none while somebody works among them: nothing jumps from under a hand.
export function sort () {
  sorting = 0
  if (cards.matches(':hover') || cards.contains(document.activeElement)) {
    sortSoon()
    return
  }
  const wanted = [...cards.children].sort(compare)
  let at = cards.firstElementChild
  for (const card of wanted) {
    if (card === at) {
      at = at.nextElementSibling
    } else {
      cards.insertBefore(card, at)
    }
  }
}

function fits (card) {
  const wanted = new FormData(filters)
  const words = String(wanted.get('search')).trim().toLowerCase()
  return (words === '' || card.textContent.toLowerCase().includes(words)) &&
    (!wanted.get('need') || card.dataset.need === wanted.get('need')) &&
    (!wanted.get('task') || card.dataset.task === wanted.get('task'))
}

function filter () {
  for (const card of cards.children) card.hidden = !fits(card)
  count()
}

function count () {
  const all = cards.childElementCount
  const visible = [...cards.children].filter((card) => !card.hidden).length
  const words = visible === all ? '' : shown.dataset.text.replace('{shown}', visible).replace('{all}', all)
  if (shown.textContent !== words) shown.textContent = words
}

function tellTime () {
  const now = Date.now() / 1000
  for (const each of document.querySelectorAll('[data-since]')) {
    const words = each.dataset.text.replace('{n}', Math.max(0, Math.floor((now - Number(each.dataset.since)) / 60)))
    if (each.textContent !== words) each.textContent = words
  }
}

function pulse (ids) {
  for (const id of ids.trim().split(' ')) {
    const dot = document.getElementById(id)?.querySelector('.dot')
    if (!dot) continue
    dot.classList.remove('beat')
    void dot.offsetWidth // restarts the animation
    dot.classList.add('beat')
  }
}

document.addEventListener('htmx:sseBeforeMessage', (event) => {
  const { target, detail } = event
  if (target.id === 'batch') {
    event.preventDefault()
    takeIn(detail.data)
  } else if (target.id === 'pulse') {
    event.preventDefault()
    pulse(detail.data)
  } else if (target.id === 'queue' && target.contains(document.activeElement)) {
    event.preventDefault() // somebody is editing a hint: what they write is not taken from them
    target.addEventListener('focusout', () => setTimeout(() => {
      if (!target.contains(document.activeElement)) {
        target.innerHTML = detail.data
        window.htmx.process(target)
      }
    }), { once: true })
  }
})

cards.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-open]')
  if (button === null) return
  for (const each of cards.querySelectorAll('.chosen')) each.classList.remove('chosen')
  const card = button.closest('.card')
  card.classList.add('chosen')
  await window.htmx.ajax('GET', button.dataset.open, { target: panel, swap: 'innerHTML' })
  panel.scrollIntoView({ block: 'nearest' })
  panel.focus({ preventScroll: true })
})

document.addEventListener('htmx:afterRequest', (event) => {
  const form = event.target.closest('form[data-clears]')
  const said = event.detail.xhr?.getResponseHeader('HX-Trigger') || ''
  if (form !== null && event.detail.successful && said.includes('"good"')) form.reset()
})

for (const each of document.querySelectorAll('[data-submits]')) {
  each.addEventListener('change', () => each.form.submit())
}
filters.addEventListener('input', filter)
filters.addEventListener('submit', (event) => event.preventDefault())
setInterval(tellTime, MINUTE_CHECK_MS)
filter()
