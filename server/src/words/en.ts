/**
 * English. What a user cannot act on is not said; the log has the reason. A sentence with parameters is a
 * function of them, so that each language puts them where it wants.
 */
import type { Reason } from '../kernel/refusals.ts'

/** What a user is told of a refusal that the app cannot be told; those without words get `unexplained`. */
const explanations: Partial<Record<Reason, string>> = {
  client_id_missing:
    'The address that led here does not say which app it is for. Go back to the app and try again.',
  client_unknown: 'The app that sent you here is not known. Go back to the app and tell its makers.',
  client_disabled: 'The app that sent you here is disabled. Ask its makers when it will be back.',
  redirect_uri_unknown:
    'The app that sent you here wants you to go back to an address that it has not registered. Tell its makers.',
  password_wrong: 'The user name or the password is wrong.',
  user_disabled: 'This account is disabled. Ask whoever gave it to you.',
  too_many_attempts: 'Too many attempts have failed. Wait a quarter of an hour, then try again.',
  method_not_allowed: 'This page cannot be used that way. Go back to the app and try again.',
  content_type_unsupported: 'The form could not be read. Go back to the app and try again.',
  body_malformed: 'The form could not be read. Go back to the app and try again.',
  body_too_large: 'The form is too large. Go back to the app and try again.',
  unavailable: 'The server cannot answer just now. Try again in a moment.',
  contended: 'The server cannot answer just now. Try again in a moment.',
  internal: 'The server made a mistake, and it has been noted. Go back to the app and try again.',
}

export const en = {
  /** The language's own name, as its speakers write it. */
  name: 'English',
  signIn: {
    title: 'Sign in',
    lead: (app: string) => `to continue to ${app}`,
    leadAccount: 'to see and govern your connected apps',
    username: 'User name',
    password: 'Password',
    submit: 'Sign in',
  },
  consent: {
    title: (app: string) => `Allow ${app}?`,
    lead: (app: string) => `${app} asks for access to your account.`,
    leadOrganization: (app: string) => `${app} asks for access to your organization.`,
    scopes: 'It will be able to use:',
    noScopes: 'It asks for no particular permission.',
    organization: 'Organization',
    organizations: 'For which organization?',
    organizationMissing: 'Choose an organization.',
    noOrganization: 'You are not a member of any organization, so there is nothing to allow.',
    changed: 'What the app asks for has changed meanwhile. Please look again.',
    allow: 'Allow',
    cancel: 'Cancel',
    back: (host: string) => `You will go back to ${host}.`,
    signedInAs: (name: string) => `Signed in as ${name}.`,
    signOut: 'Use another account',
  },
  notices: {
    signedOut: {
      title: 'Signed out',
      text: 'You are signed out. You can close this page.',
      again: 'Sign in again',
    },
    restart: {
      title: 'Start again',
      text: 'This page is reached from an app. Go back to the app and start from there.',
    },
    formOutdated: {
      title: 'This form is no longer valid',
      text: 'It was sent too late, or from another page. Nothing was changed.',
    },
    refused: { title: 'This does not work' },
    tryAgain: 'Try again',
    errorTitle: (title: string) => `Error: ${title}`,
  },
  explanations,
  unexplained: 'The address that led here is not valid. Go back to the app and tell its makers.',
  account: {
    navigation: 'Your account',
    apps: 'Connected apps',
    sessions: 'Sign-ins',
    signOut: 'Sign out',
  },
  mails: {},
  sampleApp: {
    title: 'Sample app',
    allowed: 'You have allowed this app. It redeems the code below for its tokens.',
    denied: 'You have not allowed this app. This is what it was told.',
    refused: (error: string) => `What this app asked for was refused: ${error}. This is what it was told.`,
    bare: 'This is where users of the sample apps come back to from the pages of Tokenferry. Nothing came with you.',
    toHome: 'What else there is to try',
    home: {
      title: 'Tokenferry, a demo',
      text: 'Sample apps exchange sample legacy tokens here, in several dialects. The terminal shows how, line by line.',
      demoFile: 'All names, passwords, secrets and tokens are in',
      dialects: 'Dialects, and where they are spoken',
      allow: 'Sign in and allow a sample app',
      verifier: 'Codes that come of these links are redeemed with the code_verifier',
    },
  },
}
