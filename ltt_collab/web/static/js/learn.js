// The workspace: opens notebooks in the frame beside the drawer, and jumps to a task's cell.

const frame = document.getElementById('lab')
let opened = ''

function quoted (path) {
  return path.split('/').map(encodeURIComponent).join('/')
}

export function open (path, cell) {
  if (frame === null) return
  document.getElementById('frame-empty')?.remove()
  frame.hidden = false
  const hash = cell ? `#cell-id=${encodeURIComponent(cell)}` : ''
  if (opened === path) {
    // Only the fragment differs from where the frame is: JupyterLab scrolls, and nothing is loaded anew.
    frame.src = frame.dataset.lab + quoted(path) + hash
  } else {
    opened = path
    frame.src = `/learn/lab?path=${encodeURIComponent(path)}`
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-path]')
  if (button !== null) open(button.dataset.path, button.dataset.cell)
})
document.addEventListener('opened', (event) => open(event.detail.path, ''))
document.addEventListener('htmx:afterRequest', (event) => {
  const form = event.target.closest('form[data-clears]')
  const said = event.detail.xhr?.getResponseHeader('HX-Trigger') || ''
  if (form !== null && event.detail.successful && said.includes('"good"')) form.reset()
})
// The chat: only what differs is touched, so that a screen reader says what is new, and whoever reads above is left there.
const chat = document.getElementById('chat')

export function takeIn (html) {
  const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40
  const template = document.createElement('template')
  template.innerHTML = html
  const wanted = [...template.content.children]
  wanted.forEach((each, at) => {
    const known = chat.children[at]
    if (known === undefined) chat.append(each)
    else if (!known.isEqualNode(each)) known.replaceWith(each)
  })
  while (chat.children.length > wanted.length) chat.lastElementChild.remove()
  if (atEnd) chat.scrollTop = chat.scrollHeight
}

document.addEventListener('htmx:sseBeforeMessage', (event) => {
  if (event.target !== chat) return
  event.preventDefault()
  takeIn(event.detail.data)
})
document.getElementById('say').addEventListener('keydown', (event) => {
  // As in JupyterLab's chat: Enter sends, Shift+Enter breaks the line.
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault()
    event.target.form.requestSubmit()
  }
})
chat.scrollTop = chat.scrollHeight
// A check may take seconds: that it is under way is said at once.
document.addEventListener('htmx:beforeRequest', (event) => {
  if (/\/(check|submit)$/.test(event.detail.requestConfig?.path || '')) {
    const line = document.createElement('div')
    line.className = 'notice'
    line.textContent = document.getElementById('verdict').dataset.checking
    document.getElementById('verdict').replaceChildren(line)
  }
})
document.addEventListener('htmx:confirm', (event) => {
  if (!event.detail.question) return
  event.preventDefault()
  if (window.confirm(event.detail.question)) event.detail.issueRequest(true)
})
for (const each of document.querySelectorAll('[data-submits]')) {
  each.addEventListener('change', () => each.form.submit())
}
// The notebook that is open already, if any, is what a learner comes back to.
const here = document.querySelector('.task.here [data-path]')
if (here !== null) open(here.dataset.path, here.dataset.cell)
