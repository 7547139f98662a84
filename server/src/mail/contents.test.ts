import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Brand } from '../brand.ts'
import type { Language } from '../words/index.ts'
import { languages, wordsFor } from '../words/index.ts'
import { asHtml } from './as-html.ts'
import { asText } from './as-text.ts'
import type { AppAsked, Setting } from './contents.ts'
import { installedMail, lockedMail, reminderMail, testMail, uninstalledMail } from './contents.ts'
import type { Mail } from './mail.ts'

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
  confirmation: 'notify',
}
const at = Date.UTC(2026, 6, 1, 12, 5)

const mailsOf = (setting: Setting, app: AppAsked): Readonly<Record<string, Mail>> => ({
  installed: installedMail(setting, app, 'pending'),
  'installed, not mine yet': installedMail(setting, app, 'later'),
  'installed, for others to confirm': installedMail(setting, app, 'administrator'),
  reminder: reminderMail(setting, app, at),
  uninstalled: uninstalledMail(setting, app, at),
  locked: lockedMail(setting, at, at + 900_000),
  test: testMail(setting),
})

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
        const link = 'https://auth.acme.example/sub/account/apps'
        assert.ok(text.split('\n').includes(link))
        assert.deepEqual(
          [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href),
          [link, 'https://acme.example/help'],
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

    test('what follows if one does nothing differs between notify and required', () => {
      const { notify, required } = wordsFor(language).mails.nothing
      for (const mailOf of [
        (confirmation: 'notify' | 'required') =>
          installedMail(setting, { ...about, confirmation }, 'pending'),
        (confirmation: 'notify' | 'required') => reminderMail(setting, { ...about, confirmation }, at),
      ]) {
        const says = (confirmation: 'notify' | 'required', sentence: string) =>
          mailOf(confirmation).blocks.some(({ text }) => text === sentence)
        assert.deepEqual([says('notify', notify), says('notify', required)], [true, false])
        assert.deepEqual([says('required', notify), says('required', required)], [false, true])
      }
    })

    test('whoever cannot confirm is not asked to', () => {
      const { confirm } = wordsFor(language).mails
      const isAsked = (mail: Mail) => mail.blocks.some(({ text }) => text === confirm)
      assert.ok(isAsked(installedMail(setting, about, 'pending')))
      for (const standing of ['confirmed', 'later', 'administrator'] as const) {
        assert.ok(
          !isAsked(installedMail(setting, { ...about, confirmation: 'required' }, standing)),
          standing,
        )
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
