import type { Reason } from '../kernel/refusals.ts'
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
    leadAccount: 'um Ihre verbundenen Apps zu sehen und zu verwalten',
    username: 'Benutzername',
    password: 'Passwort',
    submit: 'Anmelden',
  },
  consent: {
    title: (app) => `${app} Zugriff erlauben?`,
    lead: (app) => `${app} möchte auf Ihr Konto zugreifen.`,
    leadOrganization: (app) => `${app} möchte auf die Daten Ihrer Organisation zugreifen.`,
    scopes: 'Die App darf dann Folgendes nutzen:',
    noScopes: 'Die App verlangt keine besonderen Rechte.',
    organization: 'Organisation',
    organizations: 'Für welche Organisation?',
    organizationMissing: 'Wählen Sie eine Organisation aus.',
    noOrganization: 'Sie gehören zu keiner Organisation; deshalb gibt es nichts zu erlauben.',
    changed: 'Die App verlangt inzwischen etwas anderes. Bitte sehen Sie es sich noch einmal an.',
    allow: 'Erlauben',
    cancel: 'Abbrechen',
    back: (host) => `Danach geht es zurück zu ${host}.`,
    signedInAs: (name) => `Angemeldet als ${name}.`,
    signOut: 'Anderes Konto verwenden',
  },
  notices: {
    signedOut: {
      title: 'Abgemeldet',
      text: 'Sie sind abgemeldet. Sie können diese Seite schließen.',
      again: 'Wieder anmelden',
    },
    restart: {
      title: 'Bitte neu beginnen',
      text: 'Auf diese Seite kommt man aus einer App. Gehen Sie zur App zurück und beginnen Sie dort von vorn.',
    },
    formOutdated: {
      title: 'Dieses Formular gilt nicht mehr',
      text: 'Es wurde zu spät oder von einer anderen Seite abgeschickt. Es wurde nichts geändert.',
    },
    refused: { title: 'Das geht so nicht' },
    tryAgain: 'Noch einmal versuchen',
    errorTitle: (title) => `Fehler: ${title}`,
  },
  explanations,
  unexplained:
    'Die Adresse, die hierher geführt hat, ist nicht gültig. Gehen Sie zur App zurück und melden Sie es ihrem Hersteller.',
  account: {
    navigation: 'Ihr Konto',
    apps: 'Verbundene Apps',
    sessions: 'Anmeldungen',
    signOut: 'Abmelden',
  },
  mails: {},
  sampleApp: {
    title: 'Beispiel-App',
    allowed: 'Sie haben dieser App den Zugriff erlaubt. Sie tauscht den folgenden Code gegen ihre Tokens.',
    denied: 'Sie haben dieser App den Zugriff nicht erlaubt. Das wurde ihr mitgeteilt:',
    refused: (error) => `Was die App verlangt hat, wurde abgelehnt: ${error}. Das wurde ihr mitgeteilt:`,
    bare: 'Hierher kommen die Benutzer der Beispiel-Apps von den Seiten von Tokenferry zurück. Es kam nichts mit.',
    toHome: 'Was es sonst noch auszuprobieren gibt',
    home: {
      title: 'Tokenferry zum Ausprobieren',
      text: 'Beispiel-Apps tauschen hier alte Beispiel-Tokens ein, in mehreren Dialekten. Das Terminal zeigt, wie.',
      demoFile: 'Alle Namen, Passwörter, Geheimnisse und Tokens stehen in',
      dialects: 'Die Dialekte, und wo sie gesprochen werden',
      allow: 'Anmelden und einer Beispiel-App den Zugriff erlauben',
      verifier: 'Codes aus diesen Links werden eingelöst mit dem code_verifier',
    },
  },
}
