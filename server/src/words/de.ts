import type { Reason } from '../kernel/refusals.ts'
import { ended } from './formats.ts'
import type { Words } from './index.ts'

const explanations: Partial<Record<Reason, string>> = {
  client_id_missing:
    'Die Adresse, die hierher geführt hat, nennt keine App. Gehen Sie zur App zurück und versuchen Sie es noch einmal.',
  client_unknown:
    'Die App, die Sie hierher geschickt hat, ist nicht bekannt. Gehen Sie zurück und melden Sie es ihrem Hersteller.',
  client_disabled:
    'Die App, die Sie hierher geschickt hat, ist gesperrt. Fragen Sie ihren Hersteller, wann es weitergeht.',
  redirect_uri_unknown:
    'Die App will Sie an eine Adresse zurückschicken, die sie nicht angemeldet hat. Melden Sie es ihrem Hersteller.',
  password_wrong: 'Der Benutzername oder das Passwort ist falsch.',
  user_disabled: 'Dieses Konto ist gesperrt. Wenden Sie sich an die Stelle, von der Sie es haben.',
  too_many_attempts:
    'Zu viele Versuche sind fehlgeschlagen. Warten Sie eine Minute und versuchen Sie es dann noch einmal.',
  sign_in_locked:
    'Zu viele Versuche sind fehlgeschlagen. Warten Sie eine Viertelstunde und versuchen Sie es dann noch einmal.',
  method_not_allowed:
    'So lässt sich diese Seite nicht verwenden. Gehen Sie zur App zurück und versuchen Sie es noch einmal.',
  content_type_unsupported:
    'Das Formular war nicht lesbar. Gehen Sie zur App zurück und versuchen Sie es noch einmal.',
  body_malformed: 'Das Formular war nicht lesbar. Gehen Sie zur App zurück und versuchen Sie es noch einmal.',
  body_too_large: 'Das Formular ist zu groß. Gehen Sie zur App zurück und versuchen Sie es noch einmal.',
  unavailable: 'Der Server kann gerade nicht antworten. Versuchen Sie es gleich noch einmal.',
  contended: 'Der Server kann gerade nicht antworten. Versuchen Sie es gleich noch einmal.',
  internal:
    'Auf dem Server ist ein Fehler aufgetreten; er wurde vermerkt. Gehen Sie zur App zurück und versuchen Sie es noch einmal.',
}

/** German, with the formal "Sie". */
export const de: Words = {
  name: 'Deutsch',
  signIn: {
    title: 'Anmelden',
    lead: (app) => `weiter zu ${app}`,
    titleAccount: 'Anmelden, um Ihre Apps zu sehen',
    username: 'Benutzername',
    password: 'Passwort',
    submit: 'Anmelden',
    forgotten: 'Passwort vergessen?',
    or: 'oder',
    withProvider: (provider) => `Mit ${provider} anmelden`,
    wait: (minutes, provider) =>
      `Zu viele Versuche sind fehlgeschlagen. Warten Sie ${minutes === 1 ? 'eine Minute' : `${minutes} Minuten`} ` +
      'und versuchen Sie es dann noch einmal' +
      (provider === undefined ? '.' : `, oder melden Sie sich mit ${provider} an.`),
  },
  provider: {
    title: 'Sie sind nicht angemeldet',
    problems: {
      unavailable: (provider) => `${provider} antwortet gerade nicht. Versuchen Sie es gleich noch einmal.`,
      provider_refused: (provider) =>
        `${provider} hat Sie nicht angemeldet. Versuchen Sie es noch einmal oder gehen Sie zur App zurück.`,
      provider_answer_invalid: (provider) =>
        `Die Antwort von ${provider} war ungültig. Versuchen Sie es noch einmal; hilft das nicht, melden Sie es dem Betreiber.`,
      email_unverified: (provider) =>
        `${provider} hat Ihre E-Mail-Adresse nicht bestätigt. Lassen Sie sie dort bestätigen und versuchen Sie es dann noch einmal.`,
      user_ambiguous: (_provider, operator) =>
        `Mehr als ein Konto hat hier Ihre E-Mail-Adresse. Bitten Sie ${operator}, das zu berichtigen.`,
      user_unknown: (provider, operator) =>
        `${provider} hat Sie angemeldet, aber hier gibt es kein Konto für Sie. Bitten Sie ${operator} um eines.`,
      sign_in_outdated: () =>
        'Diese Anmeldung wurde in einem anderen Browser begonnen, ist verbraucht oder hat zu lange gedauert. ' +
        'Gehen Sie zurück und versuchen Sie es noch einmal.',
    },
  },
  consent: {
    title: (app) => `${app} Zugriff erlauben?`,
    by: (maker) => `von ${maker}`,
    lead: (app, operator) => `${app} möchte auf Ihr Konto bei ${operator} zugreifen.`,
    leadOrganization: (app, operator) =>
      `${app} möchte auf die Daten Ihrer Organisation bei ${operator} zugreifen.`,
    scopes: 'Das darf die App dann:',
    newScopes: 'Das darf die App dann zusätzlich:',
    allowedBefore: 'Das haben Sie bereits erlaubt:',
    noScopes: 'Die App verlangt keine besonderen Rechte.',
    organization: 'Organisation',
    organizations: 'Für welche Organisation?',
    organizationMissing: 'Wählen Sie eine Organisation aus.',
    appRemoved:
      'Die Verwaltung Ihrer Organisation hat diese App entfernt; deshalb gibt es nichts zu erlauben.',
    noOrganization: 'Sie gehören zu keiner Organisation; deshalb gibt es nichts zu erlauben.',
    appForbidden:
      'Sie dürfen diese App nicht benutzen; deshalb gibt es nichts zu erlauben. ' +
      'Fragen Sie dort nach, wo Sie Ihr Konto bekommen haben.',
    appNotEnabled:
      'Ihre Organisation hat diese App nicht zugelassen; deshalb gibt es nichts zu erlauben. ' +
      'Fragen Sie ihre Verwaltung.',
    addressNotAllowed:
      'Ihre Organisation lässt von hier aus keine App zu; deshalb gibt es im Moment nichts zu erlauben.',
    changed: 'Die App verlangt inzwischen etwas anderes. Bitte sehen Sie es sich noch einmal an.',
    allow: 'Erlauben',
    cancel: 'Abbrechen',
    takeBack: 'Sie können das jederzeit unter „Verbundene Apps“ zurücknehmen.',
    back: (host) => `Danach geht es zurück zu ${host}.`,
    signedInAs: (name) => ended(`Angemeldet als ${name}`),
    signOut: 'Anderes Konto verwenden',
  },
  scopes: {
    openid: 'Wissen, wer Sie sind, wenn Sie sich anmelden',
    profile: 'Ihren Namen und Ihren Benutzernamen sehen',
    email: 'Ihre E-Mail-Adresse sehen',
    offline_access: 'Diesen Zugriff behalten, während Sie nicht da sind',
  },
  notices: {
    signedOut: {
      title: 'Abgemeldet',
      text: 'Sie sind abgemeldet. Sie können diese Seite schließen.',
      again: 'Wieder anmelden',
    },
    formOutdated: {
      title: 'Dieses Formular gilt nicht mehr',
      text: 'Es wurde zu spät oder von einer anderen Seite abgeschickt. Es wurde nichts geändert.',
    },
    refused: { title: 'Das geht so nicht' },
    tryAgain: 'Noch einmal versuchen',
    support: 'Hilfe',
    supportOf: (operator) => `Hilfe von ${operator}`,
    errorTitle: (title) => `Fehler: ${title}`,
  },
  explanations,
  unexplained:
    'Die Adresse, die hierher geführt hat, ist nicht gültig. Gehen Sie zur App zurück und melden Sie es ihrem Hersteller.',
  account: {
    navigation: 'Ihr Konto',
    skip: 'Zum Inhalt springen',
    apps: 'Verbundene Apps',
    sessions: 'Anmeldungen',
    appsOf: (organization) => `Apps von ${organization}`,
    signOut: 'Abmelden',
    signedOutMeanwhile:
      'Sie wurden inzwischen abgemeldet; es wurde nichts geändert. Melden Sie sich an und versuchen Sie es noch einmal.',
    nothingHere: {
      title: 'Hier ist nichts',
      text: 'Diese Seite gibt es nicht, oder sie ist nicht für Sie bestimmt. Vielleicht wurde die App inzwischen entfernt.',
      link: 'Zu Ihren Apps',
    },
    by: (maker) => `von ${maker}`,
    appsLead: 'Diese Apps dürfen Ihr Konto nutzen. Sie können das jederzeit zurücknehmen.',
    noApps: 'Keine App ist verbunden',
    noAppsText:
      'Hier erscheint eine App, sobald Sie ihr die Nutzung Ihres Kontos erlaubt haben oder sobald sie von einem ' +
      'Ihrer API-Tokens umgestellt wurde. Sie sehen dann, was sie darf, und können es zurücknehmen.',
    find: 'App suchen',
    findButton: 'Suchen',
    findNothing:
      'Keine App gefunden. Suchen Sie nach einem Teil ihres Namens, des Herstellers oder der Organisation.',
    findAll: 'Alle Apps zeigen',
    count: (shown, count) => (count === 1 ? 'Eine App' : `${shown} Apps`),
    waiting: 'Wartet auf Sie',
    others: 'Verbunden',
    pages: 'Seiten',
    page: (page, last) => `Seite ${page} von ${last}`,
    previous: 'Zurück',
    next: 'Weiter',
    organization: 'Organisation',
    wholeOrganization: 'Die ganze Organisation',
    authorizedOn: (date) => `Von Ihnen erlaubt am ${date}`,
    authorizedFor: (date) => `Erlaubt am ${date}`,
    migratedOn: (date) => `Von einem API-Token umgestellt am ${date}`,
    lastUsed: (ago) => `Zuletzt genutzt: ${ago}`,
    neverUsed: 'Noch nicht genutzt',
    mayDo: 'Was sie darf',
    noScopes: 'Die App hat keine besonderen Rechte bekommen.',
    connected: 'Verbunden',
    lastUse: 'Zuletzt genutzt',
    person: 'Für',
    confirmationState: 'Bestätigung',
    confirmation: 'Wartet auf Ihre Bestätigung',
    disabled: 'Gesperrt',
    disabledText: (operator) => `${operator} hat diese App gesperrt. Sie hat vorerst keinen Zugriff.`,
    pendingText: {
      all: 'Die App funktioniert schon. Bestätigen Sie, dass Sie sie kennen, oder entfernen Sie sie.',
      old_token:
        'Bis Sie die App bestätigen, funktioniert ihr neuer Zugang nicht, ihr altes API-Token aber weiterhin. ' +
        'Um beides zu beenden, entfernen Sie sie.',
      old_token_for_now:
        'Bis Sie die App bestätigen, funktioniert ihr neuer Zugang nicht, ihr altes API-Token aber noch eine Zeit lang. ' +
        'Um beides sofort zu beenden, entfernen Sie sie.',
      nothing: 'Die App hat erst Zugriff, wenn Sie sie bestätigt haben.',
    },
    confirmed: 'Bestätigt',
    confirm: 'Bestätigen',
    confirmApp: (app) => `${app} bestätigen`,
    uninstall: 'Entfernen',
    uninstallApp: (app) => `${app} entfernen`,
    cancel: 'Abbrechen',
    uninstallQuestion: {
      title: (app) => `${app} entfernen?`,
      own: (app) =>
        `${app} verliert sofort den Zugriff. Auch die API-Tokens der App funktionieren dann nicht mehr.`,
      other: (app, user) =>
        `${app} verliert für ${user} sofort den Zugriff. Auch die API-Tokens der App für diese Person funktionieren dann nicht mehr.`,
      whole: (app, organization) =>
        `${app} verliert sofort den Zugriff auf ${organization}. Auch die API-Tokens der App funktionieren dann nicht mehr.`,
      ownBack: 'Sie können die App später wieder verbinden; beginnen Sie dazu in der App.',
      back: 'Wer die App wieder nutzen will, verbindet sie neu und beginnt dazu in der App.',
    },
    done: {
      confirmed: (app) => `${app} ist bestätigt.`,
      uninstalled: (app) => `${app} ist entfernt. Die App hat keinen Zugriff mehr.`,
      gone: 'Diese App ist nicht mehr verbunden. Hier sehen Sie den jetzigen Stand.',
      changed: (app) =>
        `Was ${app} darf, hat sich inzwischen geändert. Sehen Sie es sich noch einmal an, bevor Sie bestätigen.`,
      ended: 'Diese Anmeldung ist beendet.',
      others_ended: 'Alle anderen Anmeldungen sind beendet.',
      barred: (app) => `${app} ist für die ganze Organisation entfernt.`,
      allowed: (app) => `${app} kann wieder verbunden werden. Was vorher war, bleibt beendet.`,
    },
    sessionsLead:
      'Hier sind Sie angemeldet. Wenn Sie eine der Anmeldungen nicht kennen, beenden Sie sie und wählen Sie ein anderes Passwort.',
    password: {
      page: 'Ein anderes Passwort wählen',
      operator: (operator) => ended(`Ein anderes Passwort bekommen Sie auf Anfrage von ${operator}`),
      provider: (provider) => `Sie haben sich mit ${provider} angemeldet: Ändern Sie Ihr Passwort dort.`,
    },
    thisBrowser: 'Dieser Browser',
    browserOn: (browser, system) => `${browser} auf ${system}`,
    aBrowser: 'Ein Browser',
    signedInOn: (moment) => `Seit ${moment}`,
    from: (address) => `Von ${address}`,
    endSession: 'Beenden',
    endSessionOf: (browser, moment) => `${browser}, seit ${moment}, beenden`,
    endOthers: 'Alle anderen beenden',
    noOthers: 'Sie sind nirgends sonst angemeldet.',
    organizationApps: {
      title: (organization) => `Apps von ${organization}`,
      lead: (organization) =>
        `Diese Apps werden in ${organization} genutzt. ` +
        'Sie verwalten die Organisation: Sie können eine App für eine Person oder für alle entfernen.',
      none: 'Keine App ist verbunden',
      noneText: 'Hier erscheint eine App, sobald jemand aus der Organisation sie verbunden hat.',
      people: (shown, count) => (count === 1 ? 'Eine Person' : `${shown} Personen`),
      waiting: (shown, count) => `${shown} ${count === 1 ? 'wartet' : 'warten'} auf Bestätigung`,
      waits: 'Wartet auf Bestätigung',
      since: (date) => `Seit ${date}`,
      barred: 'Für alle entfernt',
      barredText: 'Niemand aus der Organisation kann sie verbinden, solange Sie sie nicht wieder zulassen.',
      connections: 'Wer verbunden ist',
      more: 'Mehr zeigen',
      allow: 'Wieder zulassen',
      uninstall: 'Für alle entfernen',
      question: (app, organization) => `${app} für alle in ${organization} entfernen?`,
      questionText: (app, organization) =>
        `${app} verliert sofort den Zugriff auf die Daten aller Personen in ${organization}, ` +
        'auch wo sie die App für sich selbst verbunden haben. ' +
        'Auch die API-Tokens der App funktionieren dort dann nicht mehr.',
      questionBack:
        'Niemand kann sie wieder verbinden, bis jemand, der die Organisation verwaltet, sie wieder zulässt.',
    },
    connect: {
      title: 'Eine App für die ganze Organisation verbinden',
      lead: (organization) =>
        `Wählen Sie die App. Sie sehen, was sie darf, bevor Sie sie für ganz ${organization} verbinden.`,
      none: 'Es gibt keine solche App',
      noneText: 'Alle Apps hier verbindet jede Person selbst; das beginnt in der App.',
      back: 'Zurück zu den Apps',
      others: 'Andere Apps',
      isEnabled: 'Freigegeben',
      isNotEnabled: 'Nicht freigegeben',
      enabledText: (app, organization) =>
        `${app} ist freigegeben: Sie kann in ${organization} verbunden werden. ` +
        'Ziehen Sie das zurück, kann niemand sie mehr verbinden; was schon verbunden ist, bleibt es.',
      notEnabledText: (app, organization) =>
        `Niemand in ${organization} kann ${app} verbinden, bevor jemand, der die Organisation verwaltet, sie freigibt.`,
      enable: 'Freigeben',
      disable: 'Freigabe zurückziehen',
      mayDo: (app, organization) => `Das darf ${app} für ganz ${organization}`,
      how: (app) =>
        `Zum Verbinden bekommen Sie hier eine ID und einen Anfrage-Token (Request Token) und geben beide in ${app} ein. ` +
        'Die App darf dann das Genannte, bis Sie sie entfernen.',
      isOpen: (moment) =>
        `Ein früherer Anfrage-Token gilt noch bis ${moment}. Erstellen Sie einen neuen, endet der frühere.`,
      make: 'Anfrage-Token erstellen',
      madeTitle: (app) => `${app} verbinden`,
      shownOnce:
        'Der Anfrage-Token wird nur dieses eine Mal gezeigt. Kopieren Sie ihn, bevor Sie die Seite verlassen.',
      whatToDo: (app) => `Geben Sie beides in ${app} ein, wo die App danach fragt.`,
      organizationId: 'ID der Organisation',
      requestToken: 'Anfrage-Token (Request Token)',
      goodUntil: 'Gültig bis',
      goodFor: (app, count) =>
        `Er gilt 24 Stunden. Geht etwas schief, kann ${app} denselben noch einmal verwenden, ` +
        `insgesamt ${count}-mal, bis es gelingt.`,
      secret:
        'Geben Sie ihn sonst niemandem: Wer ihn und diese App hat, erreicht die Daten Ihrer Organisation. ' +
        'Haben Sie ihn verloren, erstellen Sie einen neuen; dieser endet dann.',
      done: {
        finished: 'Fertig',
        enabled: (app) => `${app} ist freigegeben. Sie kann jetzt verbunden werden.`,
        disabled: (app) => `${app} ist nicht mehr freigegeben.`,
      },
    },
  },
  mails: {
    quoted: (name) => `„${name}“`,
    appBy: (app, maker) => `${app} von ${maker}`,
    greeting: (name) => (name === undefined ? 'Guten Tag,' : `Guten Tag ${name},`),
    moment: (date, time) => `${date} um ${time} Uhr (UTC)`,
    scopes: 'Das darf die App:',
    noScopes: 'Die App verlangt keine besonderen Rechte.',
    apps: 'Ihre verbundenen Apps',
    sessions: 'Wo Sie angemeldet sind',
    address: (address) => `Oder geben Sie ${address} selbst in Ihrem Browser ein.`,
    support: 'Fragen? Wir helfen Ihnen:',
    supportPage: 'Fragen? Hier finden Sie Hilfe:',
    footer: (brand, host) =>
      `${brand} schreibt Ihnen, weil Sie ein Konto bei ${host} haben. Diese E-Mail wurde automatisch verschickt.`,
    confirm:
      'Bitte sehen Sie sich an, was die App darf, und bestätigen Sie sie. ' +
      'Wenn Sie die App nicht wollen, entfernen Sie sie auf derselben Seite.',
    nothing: {
      all: 'Wenn Sie nichts tun, funktioniert die App weiter wie bisher.',
      old_token:
        'Bis Sie die App bestätigen, funktioniert ihr neuer Zugang nicht, ihr altes API-Token aber weiterhin. ' +
        'Um beides zu beenden, entfernen Sie die App.',
      old_token_for_now:
        'Bis Sie die App bestätigen, funktioniert ihr neuer Zugang nicht, ihr altes API-Token aber noch eine ' +
        'Zeit lang. Um beides sofort zu beenden, entfernen Sie die App.',
      nothing:
        'Bis Sie die App bestätigen, kommt sie nicht an Ihre Daten. Wenn Sie nichts tun, bleibt es dabei.',
    },
    unknownApp:
      'Wenn Sie diese App nicht kennen oder nie verwendet haben, entfernen Sie sie. ' +
      'Das beendet ihren Zugriff.',
    otherPassword: {
      page: (address) => `wählen Sie unter ${address} ein anderes Passwort`,
      operator: (support) => `bitten Sie ${support} um ein anderes Passwort`,
      provider: (provider) => `ändern Sie Ihr Passwort bei ${provider}`,
    },
    installed: {
      subject: (app) => `${app} ist jetzt als App installiert`,
      subjectPending: (app) => `${app} ist jetzt als App installiert: bitte bestätigen`,
      preview: 'Sehen Sie, was die App darf. Sie können es jederzeit zurücknehmen.',
      previewOthers: 'Sehen Sie, was die App darf und wie es weitergeht.',
      text: (app, organization) =>
        `Sie haben die Integration ${app} bisher mit einem API-Token verwendet. Jetzt ist sie eine App` +
        `${organization === undefined ? '.' : ` und für ${organization} installiert.`}`,
      takeBack: 'Sie können jederzeit sehen, was sie darf, und es zurücknehmen.',
      confirmed: 'Sie haben die App schon bestätigt. Entfernen können Sie sie jederzeit.',
      later:
        'Die App erscheint unter Ihren verbundenen Apps, sobald sie auch Ihren eigenen Zugriff umgestellt hat. ' +
        'Dort können Sie die App dann bestätigen oder entfernen. Jetzt brauchen Sie nichts zu tun.',
      unknownLater: (organization, support) =>
        'Wenn Sie diese App nicht kennen oder nie verwendet haben, ' +
        (organization === undefined
          ? ended(`schreiben Sie an ${support}`)
          : ended(`fragen Sie die Verwaltung von ${organization} oder schreiben Sie an ${support}`)),
      administrator: (organization) =>
        'Die App arbeitet für die ganze Organisation. ' +
        `Wer ${organization ?? 'die Organisation'} verwaltet, bestätigt oder entfernt sie.`,
      nothingElse: {
        all: 'Wenn niemand etwas tut, funktioniert die App weiter wie bisher.',
        old_token:
          'Bis die App bestätigt ist, funktioniert ihr neuer Zugang nicht, ihr altes API-Token aber weiterhin. ' +
          'Wird sie entfernt, endet beides.',
        old_token_for_now:
          'Bis die App bestätigt ist, funktioniert ihr neuer Zugang nicht, ihr altes API-Token aber noch eine ' +
          'Zeit lang. Wird sie entfernt, endet beides sofort.',
        nothing: 'Bis die App bestätigt ist, kommt sie nicht an die Daten Ihrer Organisation.',
      },
      unknownAppElse:
        'Wenn Sie diese App nicht kennen oder nie verwendet haben, ' +
        'wenden Sie sich an jemanden, der Ihre Organisation verwaltet.',
    },
    reminder: {
      subject: (app) => `${app} wartet auf Ihre Bestätigung`,
      preview: 'Sie haben noch nicht alles bestätigt, was die App darf.',
      heading: (app) => `${app} wartet auf Ihre Bestätigung`,
      text: (app, organization, date) =>
        `seit dem ${date} ist ${app}${organization === undefined ? '' : ` für ${organization}`} als App ` +
        'installiert. Sie haben noch nicht alles bestätigt, was sie darf.',
    },
    uninstalled: {
      subject: (app) => `${app} wurde entfernt`,
      preview: 'Der Zugriff der App auf Ihre Daten ist beendet.',
      text: {
        reader: (app, moment) => `am ${moment} wurde ${app} entfernt.`,
        readerForAll: (app, organization, moment) =>
          `am ${moment} wurde ${app} für die ganze Organisation ${organization} entfernt.`,
        admin: (app, organization, moment) =>
          `am ${moment} hat jemand, der ${organization} verwaltet, ${app} für Sie entfernt.`,
        adminForAll: (app, organization, moment) =>
          `am ${moment} hat jemand, der ${organization} verwaltet, ${app} für die ganze Organisation entfernt.`,
        app: (app, moment) => `am ${moment} hat ${app} den eigenen Zugriff selbst beendet.`,
        operator: (app, operator, moment) => `am ${moment} hat ${operator} den Zugriff von ${app} beendet.`,
      },
      access: (organization) =>
        `Der Zugriff der App auf Ihre Daten${organization === undefined ? '' : ` bei ${organization}`} ist beendet. ` +
        'Auch ihre früheren API-Tokens funktionieren nicht mehr.',
      nothing: 'Sie brauchen nichts zu tun.',
      again: 'Wenn Sie die App wieder verwenden wollen, verbinden Sie sie in der App neu.',
      barred:
        'Niemand aus der Organisation kann die App wieder verbinden, bis die Verwaltung der Organisation sie wieder zulässt.',
      unexpected: (password) =>
        'Wenn Sie das nicht waren: Vielleicht hat sich jemand anders mit Ihrem Konto angemeldet. ' +
        ended(`Sehen Sie nach, wo Sie angemeldet sind, beenden Sie fremde Anmeldungen und ${password}`),
    },
    locked: {
      subject: 'Anmeldung vorübergehend gesperrt',
      preview: 'Mehrere Anmeldungen sind fehlgeschlagen.',
      text: (moment) => `am ${moment} sind mehrere Anmeldungen bei Ihrem Konto fehlgeschlagen.`,
      until: (time, date) =>
        `Mit Passwort können Sie sich erst ${date === undefined ? '' : `am ${date} `}ab ${time} Uhr (UTC) wieder anmelden.`,
      over: 'Deshalb war die Anmeldung mit Passwort eine Zeit lang gesperrt.',
      provider: (provider) => `Mit ${provider} können Sie sich weiterhin anmelden.`,
      nothing:
        'Sie brauchen nichts zu tun: Die Sperre endet von selbst. Wo Sie angemeldet sind, bleiben Sie es.',
      unexpected:
        'Wenn Sie das nicht waren, hat jemand anders versucht, in Ihr Konto zu kommen, und hatte damit keinen Erfolg.',
      weak: (password) =>
        ended(`Wenn Ihr Passwort kurz ist oder Sie es auch anderswo verwenden, ${password}`),
    },
    oneTimeCode: {
      subject: (app) => `Ihr Code für ${app}`,
      preview: 'Geben Sie ihn in der App ein. Wenn Sie keinen angefordert haben, sagen Sie ihn niemandem.',
      text: (app) =>
        `${app} fragt nach diesem Code, um in Ihrem Namen handeln zu dürfen. Geben Sie ihn in der App ein:`,
      holds: (time) => `Er gilt einmal und zehn Minuten lang: bis ${time} Uhr (UTC).`,
      unexpected:
        'Wenn Sie keinen Code angefordert haben, geben Sie ihn nirgends ein und sagen Sie ihn niemandem, wer auch fragt. ' +
        'Ohne ihn kommt niemand hinein, und Sie brauchen nichts weiter zu tun.',
    },
    test: {
      subject: 'Ein Test: E-Mails kommen an',
      preview: 'Sie brauchen nichts zu tun.',
      text:
        'wer diesen Server betreibt, hat diese E-Mail verschickt, um zu sehen, ob E-Mails ankommen. ' +
        'Sie brauchen nichts zu tun.',
    },
  },
  sampleApp: {
    title: 'Beispiel-App',
    allowed: 'Sie haben dieser App den Zugriff erlaubt. Sie tauscht den folgenden Code gegen ihre Tokens.',
    denied: 'Sie haben dieser App den Zugriff nicht erlaubt. Das wurde ihr mitgeteilt:',
    refused: (error) => `Was die App verlangt hat, wurde abgelehnt: ${error}. Das wurde ihr mitgeteilt:`,
    bare:
      'Hierher kommen Nutzerinnen und Nutzer der Beispiel-Apps von den Seiten von Tokenferry zurück. ' +
      'In dem, was dieser Server sieht, steht keine Antwort.',
    behind:
      'Außer wenn in der Adresse dieser Seite ein # steht: Dann folgt die Antwort dahinter. ' +
      'Kein Server sieht sie, und hier läuft kein Skript; eine echte App liest sie im Browser.',
    toHome: 'Was es sonst noch auszuprobieren gibt',
    mails: {
      title: 'E-Mails',
      text: 'Was verschickt worden wäre; das Neueste zuerst.',
      none:
        'Noch ist keine E-Mail geschrieben worden. ' +
        'Tauschen Sie ein altes Token einer App ein, deren Benutzer davon erfahren, etwa bei pipedrive.',
      html: 'So, wie E-Mail-Programme es zeigen',
      back: 'Alle E-Mails',
    },
    callbacks: {
      title: 'Was die Apps erfahren haben',
      text: 'Was für zwei Beispiel-Apps hier ankam, das Neueste zuerst. Geprüft wird nichts; eine echte App tut das zuerst.',
      none: 'Noch ist nichts angekommen. Tauschen Sie ein altes Token von standard ein, oder deinstallieren Sie eine App von pipedrive.',
    },
    home: {
      users: 'Was Nutzerinnen und Nutzer sehen',
      usersText:
        'Lassen Sie zuerst ein altes Token von pipedrive eintauschen. Das erste gehört alice.pipedrive: ' +
        'Sie bekommt eine E-Mail und findet die App unter den ihren.',
      apps: 'Verbundene Apps, für einzelne und für die ganze Firma',
      mails: 'E-Mails, die verschickt worden wären',
      callbacks: 'Was die Apps erfahren haben',
      signInAs: 'melden Sie sich an als',
      title: 'Tokenferry zum Ausprobieren',
      text: 'Beispiel-Apps tauschen hier alte Beispiel-Tokens ein, in mehreren Dialekten. Das Terminal zeigt, wie.',
      demoFile: 'Alle Namen, Passwörter, Geheimnisse und Tokens stehen in',
      dialects: 'Die Dialekte, und wo sie gesprochen werden',
      allow: 'Anmelden und einer Beispiel-App den Zugriff erlauben',
      identify: 'Dasselbe mit einem id_token; es kommt hinter dem # der Adresse',
      verifier: 'Codes aus diesen Links werden eingelöst mit dem code_verifier',
    },
  },
}
