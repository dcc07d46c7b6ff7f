// What every page does: say how acts went, and say when it is no longer connected.

const SAID_MS = 8000

export function say (text, kind = '') {
  const line = document.createElement('div')
  line.className = `notice ${kind}`.trim()
  line.textContent = text
  document.getElementById('said').append(line)
  setTimeout(() => line.remove(), SAID_MS)
}

function connected (yes) {
  const notice = document.getElementById('connection')
  if (yes) {
    notice.hidden = true
  } else if (notice.hidden) {
    const since = new Date().toLocaleTimeString()
    notice.textContent = notice.dataset.text.replace('{since}', since)
    notice.hidden = false
  }
}

document.addEventListener('htmx:sseOpen', () => connected(true))
document.addEventListener('htmx:sseError', () => connected(false))
document.addEventListener('htmx:sendError', () => connected(false))
document.addEventListener('htmx:responseError', (event) => {
  const said = event.detail.xhr
  const plain = (said.getResponseHeader('content-type') || '').startsWith('text/plain')
  say(plain ? said.responseText : `${said.status} ${said.statusText}`, 'bad')
})
// An act answers with a line for `#said` in the header HX-Trigger: {"said": {"text": …, "kind": …}}.
document.addEventListener('said', (event) => say(event.detail.text, event.detail.kind))
