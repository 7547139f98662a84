import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Brand } from '../brand.ts'
import { formatsFor } from '../words/formats.ts'
import type { Language } from '../words/index.ts'
import { languages, wordsFor } from '../words/index.ts'
import { asHtml } from './as-html.ts'
import { asText } from './as-text.ts'
import type { AppAsked, Ended, Setting } from './contents.ts'
import { installedMail, lockedMail, reminderMail, testMail, uninstalledMail } from './contents.ts'
import type { Mail } from './mail.ts'
import { oneTimeCodeMail } from './one-time-code-mail.ts'

const brand: Brand = {
  name: 'Acme <Tools>',
  support: 'https://acme.example/help',
  colours: { light: { accent: '#0b5c7f', over: '#084863' }, dark: { accent: '#66c1e6', over: '#8ed3ef' } },
}
const settingIn = (language: Language): Setting => ({
  language,
  publicUrl: 'https://auth.acme.example/sub/',
  brand,
  userName: 'Alice Sample',
})
const about: AppAsked = {
  app: 'Deal Sync',
  maker: 'Northwind',
  organization: 'Sample company',
  scopes: ['See your deals', 'Read <basic> data'],
  reach: 'all',
}
const at = Date.UTC(2026, 6, 1, 12, 5)
const ended = (by: Ended['by'], isForAll = false): Ended => ({ at, by, isForAll, isBarred: isForAll })

const reaches = ['all', 'old_token', 'old_token_for_now', 'nothing'] as const

const mailsOf = (setting: Setting, app: AppAsked): Readonly<Record<string, Mail>> => ({
  installed: installedMail(setting, app, 'pending'),
  'installed, not mine yet': installedMail(setting, app, 'later'),
  'installed, for others to confirm': installedMail(setting, app, 'administrator'),
  reminder: reminderMail(setting, app, at),
  uninstalled: uninstalledMail(setting, app, ended('reader')),
  'uninstalled by an admin': uninstalledMail(setting, app, ended('admin')),
  'uninstalled by itself': uninstalledMail(setting, app, ended('app')),
  'uninstalled by the operator': uninstalledMail(setting, app, ended('operator')),
  locked: lockedMail(setting, at, at + 900_000),
  'a one-time code': oneTimeCodeMail(setting, app, { code: '012345', until: at + 600_000 }),
  test: testMail(setting),
})

const pages = 'https://auth.acme.example/sub/account'

/** Where other mails than those to the apps lead. */
const linksOf: Readonly<Record<string, readonly string[]>> = {
  uninstalled: [`${pages}/sessions`, `${pages}/apps`],
  locked: [`${pages}/sessions`],
  'a one-time code': [],
}

/** What is read, without what makes it look so. */
const shown = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll(/\s+/g, ' ')

for (const language of languages) {
  const setting = settingIn(language)
  suite(`mail: what it says, in ${wordsFor(language).name}`, () => {
    for (const [name, mail] of Object.entries(mailsOf(setting, about))) {
      const [text, html] = [asText(mail), asHtml(mail, brand)]

      test(`${name}: who writes, to whom, and where to look are in both forms`, () => {
        const links = linksOf[name] ?? [`${pages}/apps`]
        for (const link of links) assert.ok(text.split('\n').includes(link) && text.includes(link.slice(8)))
        assert.deepEqual(
          [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href),
          [...links, 'https://acme.example/help'],
        )
        for (const said of [
          'Acme <Tools>',
          'Alice Sample',
          'auth.acme.example',
          'https://acme.example/help',
        ]) {
          assert.ok(text.includes(said) && shown(html).includes(said), said)
        }
        assert.match(html, new RegExp(`^<!doctype html>\n<html lang="${language}">`))
      })

      test(`${name}: the HTML says what the text says, word for word`, () => {
        const said = shown(html)
        const sentences = mail.blocks.flatMap((one) => [one.text, ...(one.block === 'list' ? one.items : [])])
        for (const sentence of [...sentences, ...mail.footer]) {
          assert.ok(said.includes(sentence), sentence)
          assert.ok(text.replaceAll(/\n */g, ' ').includes(sentence), sentence)
        }
      })

      test(`${name}: the text has lines that every mail program shows`, () => {
        assert.deepEqual(
          text.split('\n').filter((line) => line.length > 76),
          [],
        )
      })

      test(`${name}: nothing is loaded from elsewhere, and nothing runs`, () => {
        assert.ok(!/<(img|script|iframe|link|form|object|base)\b|url\(|@import| on[a-z]+=/i.test(html))
      })
    }

    test('what the app may do is listed in the order of its scopes', () => {
      const text = asText(installedMail(setting, about, 'pending'))
      assert.match(text, /:\n- See your deals\n- Read <basic> data\n/)
      const none = asText(installedMail(setting, { ...about, scopes: [] }, 'pending'))
      assert.ok(none.includes(wordsFor(language).mails.noScopes))
    })

    test('what follows if one does nothing is what the app reaches meanwhile, and nothing else', () => {
      const { nothing } = wordsFor(language).mails
      const { nothingElse } = wordsFor(language).mails.installed
      for (const reach of reaches) {
        for (const [words, mail] of [
          [nothing, installedMail(setting, { ...about, reach }, 'pending')],
          [nothing, reminderMail(setting, { ...about, reach }, at)],
          [nothingElse, installedMail(setting, { ...about, reach }, 'administrator')],
        ] as const) {
          const said = reaches.filter((one) => mail.blocks.some(({ text }) => text === words[one]))
          assert.deepEqual(said, [reach])
        }
      }
    })

    test('an app that is not among their apps yet is not to be uninstalled, but asked about', () => {
      const { mails } = wordsFor(language)
      const mail = installedMail(setting, { ...about, reach: 'nothing' }, 'later')
      const text = asText(mail).replaceAll(/\n */g, ' ')
      assert.ok(!text.includes(mails.unknownApp) && !text.includes(mails.nothing.nothing))
      assert.ok(text.includes(mails.quoted('Sample company')))
      assert.ok(text.includes(mails.installed.unknownLater(mails.quoted('Sample company'), brand.name)))
    })

    test('whoever did not uninstall it is not warned, and who did is led to their sign-ins', () => {
      for (const by of ['reader', 'admin', 'app', 'operator'] as const) {
        const html = asHtml(uninstalledMail(setting, about, ended(by)), brand)
        assert.equal(html.includes('href="https://auth.acme.example/sub/account/sessions"'), by === 'reader')
        assert.ok(html.includes('href="https://auth.acme.example/sub/account/apps"'))
      }
    })

    test('another password comes from the provider, from a page, or from whoever helps', () => {
      const says = (changes: Partial<Setting>, said: string) => {
        const text = asText(uninstalledMail({ ...setting, ...changes }, about, ended('reader')))
        assert.ok(text.replaceAll('\n', ' ').includes(said), text)
      }
      const { otherPassword } = wordsFor(language).mails
      says({ provider: 'Acme ID' }, otherPassword.provider('Acme ID'))
      const page = 'https://acme.example/password'
      says({ passwordPage: page }, otherPassword.page(page))
      says({}, otherPassword.operator(brand.name))
      const withMail = { ...brand, support: 'mailto:help@acme.example' }
      says({ brand: withMail }, otherPassword.operator('help@acme.example'))
    })

    test('who signs in at the provider is told that a lock does not concern that', () => {
      const { locked } = wordsFor(language).mails
      const text = (provider: string | undefined) =>
        asText(lockedMail({ ...setting, provider }, at, at + 900_000)).replaceAll('\n', ' ')
      assert.ok(text('Acme ID').includes(locked.provider('Acme ID')))
      assert.ok(!text(undefined).includes(locked.provider('Acme ID')))
    })

    test('the day of a lock’s end is told where it is another one', () => {
      const text = (until: number) => asText(lockedMail(setting, at, until)).replaceAll('\n', ' ')
      const { locked } = wordsFor(language).mails
      const { date, time } = formatsFor(language)
      const [soon, tomorrow] = [at + 900_000, at + 86_400_000]
      assert.ok(text(soon).includes(locked.until(time(soon), undefined)))
      assert.ok(text(tomorrow).includes(locked.until(time(tomorrow), date(tomorrow))))
    })

    test('a one-time code stands alone and whole, and not where anybody may look', () => {
      const mail = oneTimeCodeMail(setting, about, { code: '012345', until: at + 600_000 })
      assert.ok(!`${mail.subject}${mail.preview}`.includes('012345'))
      const [text, html] = [asText(mail), asHtml(mail, brand)]
      assert.match(text, /\n\n {4}012345\n\n/)
      assert.match(html, /user-select:all">012345<\/p>/)
      assert.ok(text.includes('12:15') && text.includes('Deal Sync') && text.includes('Northwind'))
      assert.ok(text.replaceAll('\n', ' ').includes(wordsFor(language).mails.oneTimeCode.unexpected))
    })

    test('whoever cannot confirm is not asked to', () => {
      const { confirm } = wordsFor(language).mails
      const isAsked = (mail: Mail) => mail.blocks.some(({ text }) => text === confirm)
      assert.ok(isAsked(installedMail(setting, about, 'pending')))
      for (const standing of ['confirmed', 'later', 'administrator'] as const) {
        assert.ok(!isAsked(installedMail(setting, { ...about, reach: 'nothing' }, standing)), standing)
      }
    })

    test('names that would be markup, headers or links are text in quotes', () => {
      const hostile = '</main><script>alert(1)</script>\r\nBcc: a@evil.example “'
      const mails = mailsOf(
        { ...setting, userName: hostile },
        { ...about, app: hostile, maker: `"${hostile}`, organization: `www.evil.example ${hostile}` },
      )
      for (const mail of Object.values(mails)) {
        assert.ok(!/[\r\n\p{Cc}]/u.test(mail.subject))
        const [text, html] = [asText(mail), asHtml(mail, brand)]
        assert.ok(!html.includes('<script>') && html.match(/<\/main>/g)?.length === 1)
        assert.ok(!text.includes('\r'))
        // No part of it looks like an address to a mail program.
        assert.ok(!text.includes('evil.example') && !html.includes('evil.example'))
      }
    })
  })
}
