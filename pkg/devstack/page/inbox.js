// The inbox page. Whatever comes out of an email is hostile: it goes into the page
// as textContent only, and its HTML into a sandboxed frame only.

const $ = (id) => document.getElementById(id)
const make = (tag, properties) => Object.assign(document.createElement(tag), properties)

const PAGE = 100 // emails asked for at a time
const ROWS = 600 // rows kept while nobody has scrolled down to them
const TABS = ['html', 'text', 'headers', 'source']

const state = {
  instance: '', // the server's: ids start again with another one
  removals: 0,
  newest: 0, // the highest id seen
  total: 0,
  live: true,
  query: '',
  mails: [], // those in the list, newest first
  open: null, // the email in the reader
  pictures: null, // the id of the email that shows pictures from elsewhere
  read: new Set(),
  tab: remembered('tab', 'html'),
}

function remembered(key, otherwise) {
  try { return localStorage.getItem('homing.' + key) ?? otherwise } catch { return otherwise }
}
function remember(key, value) {
  try { localStorage.setItem('homing.' + key, value) } catch { /* private browsing */ }
}

// ---- the list

async function ask(parameters) {
  const answer = await fetch('/api/summaries?' + new URLSearchParams({ limit: PAGE, q: state.query, ...parameters }))
  if (!answer.ok) throw new Error(answer.statusText)
  return answer.json()
}

// Answers must be taken in the order they were asked for.
let turns = Promise.resolve()
function inTurn(task) {
  turns = turns.then(task).catch((error) => {
    console.error(error)
    setLive(false)
  })
  return turns
}

async function reload() {
  const page = await ask({})
  const another = page.instance !== state.instance
  take(page)
  state.mails = page.messages
  $('rows').replaceChildren(...state.mails.map(row))
  $('more').hidden = !page.more
  if (another) state.read.clear()
  // An email that is still open after all have gone, or from before a restart, is
  // no longer what its link says.
  if (state.open && (another || page.total === 0)) close()
  else arrange()
}

async function newer() {
  const page = await ask({ after: state.newest })
  if (page.more || page.instance !== state.instance || page.removals !== state.removals) return reload()
  const nothing = page.newest === state.newest
  take(page)
  if (nothing) return
  const rows = page.messages.map(row)
  rows.forEach((r) => r.classList.add('fresh'))
  state.mails.unshift(...page.messages)
  $('rows').prepend(...rows)
  if (state.mails.length > ROWS && $('list').scrollTop === 0) {
    state.mails.length = ROWS / 2
    while ($('rows').children.length > ROWS / 2) $('rows').lastChild.remove()
    $('more').hidden = false
  }
  arrange()
}

async function older() {
  const page = await ask({ before: state.mails.at(-1)?.id ?? 0 })
  state.mails.push(...page.messages)
  $('rows').append(...page.messages.map(row))
  $('more').hidden = !page.more
}

function take({ instance, removals, newest, total, smtp }) {
  Object.assign(state, { instance, removals, newest, total })
  $('smtp').textContent = smtp
  setLive(true)
}

function row(mail) {
  const li = $('row').content.firstElementChild.cloneNode(true)
  const [a, face, who, time] = ['a', '.face', '.who', 'time'].map((s) => li.querySelector(s))
  const to = mail.to[0] ?? 'nobody'
  a.href = '#' + mail.id
  a.dataset.id = mail.id
  a.classList.toggle('unread', !state.read.has(mail.id))
  a.classList.toggle('isbroken', mail.broken)
  face.textContent = [...to][0]
  face.classList.add('h' + hue(to))
  who.append(
    make('b', { textContent: mail.to.length > 1 ? `${to} +${mail.to.length - 1}` : to }),
    ' from ' + (mail.from_name || mail.from || 'nobody'),
  )
  li.querySelector('.subject').textContent = mail.subject || '(no subject)'
  li.querySelector('.snippet').textContent = mail.snippet || '\u00a0'
  Object.assign(time, { dateTime: mail.received, title: exact(mail.received), textContent: ago(mail.received) })
  return li
}

function hue(s) {
  let h = 0
  for (const c of s) h = (h * 31 + c.codePointAt(0)) % 9973
  return h % 6
}

// arrange shows what fits the state: the list and an email, or the invitation.
function arrange() {
  const bare = state.total === 0 && !state.open
  document.body.classList.toggle('bare', bare)
  $('empty').hidden = !bare
  $('reader').hidden = !state.open
  $('pick').hidden = bare || Boolean(state.open)
  $('none').hidden = state.mails.length > 0 || !state.query
  $('clear').hidden = state.total === 0
  const unread = state.mails.filter((m) => !state.read.has(m.id)).length
  document.title = (unread ? `(${unread}) ` : '') + 'Homing inbox'
  setLive(state.live)
  for (const a of $('rows').querySelectorAll('a')) {
    if (a.dataset.id === state.open?.id) a.setAttribute('aria-current', 'true')
    else a.removeAttribute('aria-current')
    a.classList.toggle('unread', !state.read.has(a.dataset.id))
  }
  if (!state.open && !location.hash && state.mails.length && wide()) go(state.mails[0].id)
}

const wide = () => matchMedia('(min-width: 801px)').matches
const plural = (n) => n.toLocaleString() + (n === 1 ? ' email' : ' emails')

const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const exact = (t) => full.format(new Date(t))

function ago(t) {
  const s = (Date.now() - new Date(t)) / 1000
  if (s < 45) return 'now'
  if (s < 3570) return Math.round(s / 60) + ' min'
  if (s < 84600) return Math.round(s / 3600) + ' h'
  return day.format(new Date(t))
}

setInterval(() => {
  for (const t of $('rows').querySelectorAll('time')) t.textContent = ago(t.dateTime)
}, 20_000)

// ---- the reader

function go(id) {
  history.replaceState(null, '', '#' + id)
  return show()
}

let asked = 0
async function show() {
  const id = location.hash.slice(1)
  if (!/^\d+$/.test(id)) return close()
  if (state.open?.id === id) return
  const turn = ++asked
  const answer = await fetch('/api/messages/' + id).catch(() => null)
  if (turn !== asked) return // another mail has been picked in the meantime
  if (!answer) return setLive(false)
  if (!answer.ok) { // deleted, or pushed out by newer ones: so may others be
    close()
    return inTurn(reload)
  }
  state.open = await answer.json()
  state.read.add(id)
  render(state.open)
  arrange()
  $('rows').querySelector(`[data-id="${id}"]`)?.scrollIntoView({ block: 'nearest' })
}

function close() {
  asked++
  state.open = null
  history.replaceState(null, '', location.pathname)
  document.body.classList.remove('reading')
  arrange()
}

function render(mail) {
  document.body.classList.add('reading')
  $('subject').textContent = mail.subject || '(no subject)'
  $('from-name').textContent = mail.from_name
  $('from').textContent = mail.from_name ? `<${mail.from}>` : mail.from || '<>'
  $('to').textContent = mail.to.join(', ')
  Object.assign($('date'), { textContent: exact(mail.date), dateTime: mail.date })
  if (state.pictures !== mail.id) state.pictures = null
  $('pictures').setAttribute('aria-pressed', Boolean(state.pictures))
  $('open').href = htmlOf(mail)
  $('open').hidden = !mail.html
  $('broken').hidden = !mail.error
  $('broken').textContent = `This email is broken: ${mail.error}.`
  const usable = { html: mail.html, text: mail.text, headers: true, source: true }
  for (const t of TABS) $('tab-' + t).disabled = !usable[t]
  pick([state.tab, 'html', 'text', 'source'].find((t) => usable[t]))
}

function pick(tab) {
  for (const t of TABS) {
    $('tab-' + t).setAttribute('aria-selected', t === tab)
    $('tab-' + t).tabIndex = t === tab ? 0 : -1
    $('panel-' + t).hidden = t !== tab
    $('panel-' + t).scrollTop = 0
  }
  $('view').hidden = tab !== 'html'
  $('panel-html').replaceChildren()
  fill[tab](state.open)
}

const fill = {
  html(mail) {
    // A new frame each time: changing src would put every email into the history.
    const frame = make('iframe', { title: 'Email: ' + mail.subject })
    frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox')
    frame.src = htmlOf(mail)
    $('panel-html').append(frame)
  },
  text(mail) {
    $('text').replaceChildren(...linked(mail.text))
  },
  headers(mail) {
    $('headers').replaceChildren()
    for (const [name, values] of Object.entries(mail.headers)) {
      for (const value of values) {
        const tr = $('headers').appendChild(make('tr'))
        tr.append(make('th', { scope: 'row', textContent: name }), make('td', { textContent: value }))
      }
    }
  },
  async source(mail) {
    $('source').textContent = ''
    const answer = await fetch(`/api/messages/${mail.id}/source`).catch(() => null)
    const source = answer?.ok ? await answer.text() : 'The source is no longer there.'
    if (state.open?.id === mail.id) $('source').textContent = source.length > 1e6 ? source.slice(0, 1e6) + '\n…' : source
  },
}

// htmlOf is where the HTML part of an email is. Pictures from elsewhere would tell the
// sender that it was read: they are shown on request, and for this email only.
function htmlOf(mail) {
  return `/messages/${mail.id}/html` + (state.pictures === mail.id ? '?pictures=remote' : '')
}

// linked makes web addresses in text clickable.
function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/).map((part, i) =>
    i % 2 === 0 ? part : make('a', { href: part, textContent: part, target: '_blank', rel: 'noopener noreferrer' }))
}

function setWidth(width) {
  $('panel-html').classList.toggle('w375', width === '375')
  $('panel-html').classList.toggle('wfull', width === 'full')
  for (const input of document.getElementsByName('width')) input.checked = input.value === width
}

function setDark(dark) {
  $('panel-html').classList.toggle('dark', dark)
  $('dark').setAttribute('aria-pressed', dark)
}

// ---- what people do

function step(by) {
  const at = state.mails.findIndex((m) => m.id === state.open?.id)
  const next = state.mails[at < 0 ? 0 : at + by]
  if (next) go(next.id)
  else if (by > 0 && !$('more').hidden) inTurn(older)
}

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return
  const typing = e.target === $('query')
  if (e.key === 'Escape' && typing) return search('')
  const by = { ArrowDown: 1, ArrowUp: -1, j: typing ? 0 : 1, k: typing ? 0 : -1 }[e.key]
  // In a panel, and on the width switch, the arrows have their own meaning.
  if (by && !e.target.closest('.panel, .seg')) step(by)
  else if (e.key === '/' && !typing) $('query').focus()
  else return
  e.preventDefault()
})

document.querySelector('.tabs').addEventListener('keydown', (e) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
  if (!by) return
  const tabs = TABS.map((t) => $('tab-' + t)).filter((t) => !t.disabled)
  const next = tabs.at((tabs.indexOf(document.activeElement) + by) % tabs.length)
  next.focus()
  next.click()
})
for (const t of TABS) {
  $('tab-' + t).addEventListener('click', () => {
    state.tab = t
    remember('tab', t)
    pick(t)
  })
}

let typed
function search(q) {
  clearTimeout(typed)
  $('query').value = q
  state.query = q.trim()
  $('list').scrollTop = 0
  inTurn(reload)
}
$('query').addEventListener('input', () => {
  clearTimeout(typed)
  typed = setTimeout(() => search($('query').value), 150)
})
$('search').addEventListener('submit', (e) => e.preventDefault())
$('more').addEventListener('click', () => inTurn(older))
$('back').addEventListener('click', close)
$('skip').addEventListener('click', () => $('reader').focus())

$('delete').addEventListener('click', async () => {
  const at = state.mails.findIndex((m) => m.id === state.open.id)
  const next = state.mails[at + 1] ?? state.mails[at - 1]
  await fetch('/api/messages/' + state.open.id, { method: 'DELETE' })
  state.mails.splice(at, at < 0 ? 0 : 1)
  if (next && wide()) await go(next.id)
  else close()
  inTurn(reload)
})

// Clear asks for confirmation by changing its own label; a dialog would be too much.
let unsure
function askSure(on) {
  clearTimeout(unsure)
  $('clear').classList.toggle('sure', on)
  $('clear').textContent = on ? `Clear ${plural(state.total)}?` : 'Clear'
  if (on) unsure = setTimeout(askSure, 3000, false)
}
$('clear').addEventListener('click', async () => {
  const sure = $('clear').classList.contains('sure')
  askSure(!sure)
  if (!sure) return
  await fetch('/api/messages', { method: 'DELETE' })
  inTurn(reload)
})

$('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText($('command').textContent)
  $('copy').textContent = 'Copied'
  setTimeout(() => { $('copy').textContent = 'Copy' }, 1500)
})
for (const input of document.getElementsByName('width')) {
  input.addEventListener('change', () => {
    remember('width', input.value)
    setWidth(input.value)
  })
}
$('pictures').addEventListener('click', () => {
  state.pictures = state.pictures ? null : state.open.id
  render(state.open)
})
$('dark').addEventListener('click', () => {
  const dark = $('dark').getAttribute('aria-pressed') !== 'true'
  remember('dark', dark)
  setDark(dark)
})
addEventListener('hashchange', show)

// ---- as it happens

function setLive(live) {
  state.live = live
  $('live').classList.toggle('lost', !live)
  $('count').textContent = !live ? 'Reconnecting…' : state.total ? plural(state.total) : 'Waiting for emails'
}

// With a stream the page never finishes loading, and a tool that waits for that,
// to take a screenshot for example, would wait for ever. So it polls for a while first.
let events, asking
let rounds = 12
function listen() {
  clearTimeout(asking)
  events?.close()
  if (document.hidden) return // six connections to one server is all a browser has
  if (rounds-- > 0) {
    asking = setTimeout(() => inTurn(newer).then(listen), 800)
    return
  }
  events = new EventSource('/api/events')
  events.addEventListener('error', () => setLive(false))
  events.addEventListener('change', (e) => {
    setLive(true)
    const now = JSON.parse(e.data)
    if (['instance', 'removals', 'newest'].some((k) => now[k] !== state[k])) inTurn(newer)
  })
}
document.addEventListener('visibilitychange', listen)

setWidth(remembered('width', '680'))
setDark(remembered('dark', String(matchMedia('(prefers-color-scheme: dark)').matches)) === 'true')
await inTurn(reload)
if (location.hash && !asked) await show()
listen()

// Where a studio runs next to the inbox, a link leads to it.
fetch("/studio", { redirect: "manual" }).then((r) => { document.getElementById("studio").hidden = r.type !== "opaqueredirect"; }, () => {});
