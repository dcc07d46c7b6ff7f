// Shows a notebook and the people in it, frame by frame; what a frame holds is said in render/frames.py.
// Only `source`, `rendered` and `outputs` are HTML, made safe by the service; all else goes in as text.

const make = (tag, className, text = '') => {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

const HTML_PARTS = ['source', 'rendered', 'outputs']

export class NotebookView {
  constructor (root, { onPick = null, pickLabel = '' } = {}) {
    this.root = root
    this.onPick = onPick
    this.pickLabel = pickLabel
    this.cells = []
    this.people = []
    this.redraw = 0
    new ResizeObserver(() => this.drawSoon()).observe(root)
  }

  clear () {
    this.cells = []
    this.people = []
    this.root.replaceChildren()
  }

  apply (frame) {
    if (frame.order) this.reorder(frame.order)
    for (const [index, piece] of frame.cells || []) this.cells[index].update(piece)
    if (frame.people) this.people = frame.people
    if (frame.order || frame.cells || frame.people) this.draw()
  }

  reorder (order) {
    const before = this.cells
    this.cells = order.map((old) => old < 0 ? new CellView(this) : before[old])
    const kept = new Set(this.cells)
    for (const cell of before) if (!kept.has(cell)) cell.element.remove()
    this.cells.forEach((cell, index) => {
      const there = this.root.children[index]
      if (there !== cell.element) this.root.insertBefore(cell.element, there || null)
    })
  }

  cell (id) {
    return this.cells.find((cell) => cell.id === id)
  }

  reveal (id) {
    const cell = this.cell(id)
    if (!cell) return
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    cell.element.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' })
    cell.element.classList.add('flash')
    setTimeout(() => cell.element.classList.remove('flash'), 1500)
  }

  drawSoon () {
    cancelAnimationFrame(this.redraw)
    this.redraw = requestAnimationFrame(() => {
      for (const cell of this.cells) cell.drawn = null
      this.draw()
    })
  }

  draw () {
    for (const cell of this.cells) {
      const here = this.people.filter((who) => who.cell === cell.id && cell.id !== undefined)
      cell.draw(here)
    }
  }
}

class CellView {
  constructor (view) {
    this.id = undefined
    this.drawn = '[]'
    this.element = make('section', 'cell')
    this.gutter = make('div', 'gutter')
    this.count = make('span', 'count')
    this.badge = make('span', 'badge')
    this.gutter.append(this.count, this.badge)
    if (view.onPick) {
      const pick = make('button', 'quiet pick', '↩')
      pick.type = 'button'
      pick.title = view.pickLabel
      pick.setAttribute('aria-label', view.pickLabel)
      pick.addEventListener('click', () => view.onPick(this))
      this.gutter.append(pick)
    }
    this.body = make('div', 'body')
    this.paper = make('div', 'paper')
    this.parts = {
      source: make('pre', 'source'),
      rendered: make('div', 'rendered'),
      outputs: make('div', 'outputs')
    }
    this.carets = make('div', 'carets')
    this.carets.setAttribute('aria-hidden', 'true')
    this.paper.append(this.parts.source, this.carets)
    this.body.append(this.paper, this.parts.rendered, this.parts.outputs)
    this.element.append(this.gutter, this.body)
  }

  update (piece) {
    for (const part of HTML_PARTS) {
      if (part in piece) this.parts[part].innerHTML = piece[part]
      if (part in piece && part !== 'outputs') this.drawn = null
    }
    if ('rendered' in piece) this.element.classList.toggle('has-rendered', piece.rendered !== '')
    if ('id' in piece) this.head(piece)
  }

  head (piece) {
    this.id = piece.id
    this.count.textContent = piece.count
    this.badge.textContent = piece.role || piece.task
    const list = this.element.classList
    for (const kind of ['code', 'markdown', 'raw']) list.toggle(kind, piece.type === kind)
    list.toggle('running', piece.running)
    list.toggle('failed', piece.failed)
    list.toggle('ours', piece.role !== '')
    this.element.dataset.cell = piece.id
  }

  draw (people) {
    this.element.classList.toggle('somebody-here', people.length > 0)
    const wanted = JSON.stringify(people)
    if (wanted === this.drawn) return // a flag that is drawn anew would show its name anew
    this.drawn = wanted
    const origin = this.paper.getBoundingClientRect()
    const drawn = people.flatMap((who) => this.mark(who, origin))
    this.carets.replaceChildren(...drawn)
  }

  mark (who, origin) {
    const from = Math.min(who.anchor, who.head)
    const to = Math.max(who.anchor, who.head)
    const marks = []
    if (from !== to) {
      const range = document.createRange()
      range.setStart(...place(this.parts.source, from))
      range.setEnd(...place(this.parts.source, to))
      const seen = new Set() // a span and the text in it have the same place
      for (const rect of range.getClientRects()) {
        const key = [rect.left, rect.top, rect.width].map(Math.round).join()
        if (!seen.has(key)) marks.push(box('selection', who, rect, origin))
        seen.add(key)
      }
    }
    const caret = box('caret', who, spot(this.parts.source, who.head), origin)
    caret.append(make('span', 'flag', who.name))
    caret.dataset.who = who.name
    marks.push(caret)
    return marks
  }
}

function box (kind, who, rect, origin) {
  const mark = make('div', `${kind} hue-${who.hue}`)
  mark.style.left = `${rect.left - origin.left}px`
  mark.style.top = `${rect.top - origin.top}px`
  mark.style.height = `${rect.height}px`
  if (kind === 'selection') mark.style.width = `${rect.width}px`
  return mark
}

/** The text node and offset of a position that counts in UTF-16 units over the whole element. */
function place (element, position) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
  let left = position
  let last = null
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left <= node.data.length) return [node, left]
    left -= node.data.length
    last = node
  }
  return last ? [last, last.data.length] : [element, 0]
}

/** Where a caret at that position stands. */
function spot (element, position) {
  const range = document.createRange()
  const [node, offset] = place(element, position)
  range.setStart(node, offset)
  const rects = range.getClientRects()
  const before = offset > 0 && node.data ? node.data[offset - 1] : ''
  if (rects.length && before !== '\n') return rects[rects.length - 1]
  // At the start of a line a browser knows no place: measure a letter that stands there for a moment.
  const letter = document.createTextNode('\u200b')
  range.insertNode(letter)
  const probe = document.createRange()
  probe.selectNode(letter)
  const rect = probe.getBoundingClientRect()
  letter.remove()
  element.normalize()
  return rect
}
