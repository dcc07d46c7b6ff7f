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
