// The list of what happened, newest first; every word goes in as text.

const KEEP = 400

export const GROUPS = {
  all: null,
  help: new Set(['hint', 'ended', 'asked', 'decision']),
  checks: new Set(['error', 'passed', 'failed']),
  chat: new Set(['chat', 'people', 'state'])
}

export class FeedView {
  constructor (list, empty, onCell) {
    this.list = list
    this.empty = empty
    this.onCell = onCell
    this.group = null
  }

  clear () {
    this.list.replaceChildren()
    this.empty.hidden = false
  }

  show (entries) {
    this.clear()
    this.add(entries)
  }

  add (entries) {
    for (const entry of entries) this.list.prepend(this.line(entry))
    while (this.list.childElementCount > KEEP) this.list.lastElementChild.remove()
    this.empty.hidden = this.list.childElementCount > 0
  }

  filter (group) {
    this.group = GROUPS[group] || null
    for (const line of this.list.children) line.hidden = this.hides(line.dataset.kind)
  }

  hides (kind) {
    return this.group !== null && !this.group.has(kind)
  }

  line (entry) {
    const line = document.createElement('li')
    line.className = `entry entry-${entry.kind}`
    line.dataset.kind = entry.kind
    line.hidden = this.hides(entry.kind)
    const head = document.createElement('p')
    const time = document.createElement('time')
    const at = new Date(entry.at * 1000)
    time.dateTime = at.toISOString()
    time.textContent = at.toLocaleTimeString()
    const title = document.createElement(entry.cell ? 'button' : 'span')
    title.className = entry.cell ? 'quiet title' : 'title'
    title.textContent = entry.title
    if (entry.cell) {
      title.type = 'button'
      title.addEventListener('click', () => this.onCell(entry.cell))
    }
    head.append(time, ' ', title)
    line.append(head)
    if (entry.text) {
      const text = document.createElement('p')
      text.className = 'entry-text'
      text.textContent = entry.text
      line.append(text)
    }
    return line
  }
}
