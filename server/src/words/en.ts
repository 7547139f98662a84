/**
 * English. What a user cannot act on is not said; the log has the reason. A sentence with parameters is a
 * function of them, so that each language puts them where it wants.
 */
import type { Reason } from '../kernel/refusals.ts'
import { ended } from './formats.ts'

/** What a user is told of a refusal that the app cannot be told; those without words get `unexplained`. */
const explanations: Partial<Record<Reason, string>> = {
  client_id_missing:
    'The address that led here does not say which app it is for. Go back to the app and try again.',
  client_unknown: 'The app that sent you here is not known. Go back to the app and tell its makers.',
  client_disabled: 'The app that sent you here is disabled. Ask its makers when it will be back.',
  redirect_uri_unknown:
    'The app that sent you here wants to send you back to an address that it has not registered. Tell its makers.',
  password_wrong: 'The user name or the password is wrong.',
  user_disabled: 'This account is disabled. Ask whoever gave it to you.',
  too_many_attempts: 'Too many attempts have failed. Wait a minute, then try again.',
  sign_in_locked: 'Too many attempts have failed. Wait a quarter of an hour, then try again.',
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
    titleAccount: 'Sign in to see your apps',
    username: 'User name',
    password: 'Password',
    submit: 'Sign in',
    forgotten: 'Forgot your password?',
    or: 'or',
    withProvider: (provider: string) => `Sign in with ${provider}`,
    wait: (minutes: number, provider: string | undefined) =>
      `Too many attempts have failed. Wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, then try again` +
      (provider === undefined ? '.' : ended(`, or sign in with ${provider}`)),
  },
  provider: {
    title: 'You are not signed in',
    problems: {
      unavailable: (provider: string) => `${provider} does not answer just now. Try again in a moment.`,
      provider_refused: (provider: string) =>
        `${provider} has not signed you in. Try again, or go back to the app.`,
      provider_answer_invalid: (provider: string) =>
        `The answer of ${provider} could not be used. Try again; if that does not help, tell whoever gave you your account.`,
      email_unverified: (provider: string) =>
        `${provider} has not verified your e-mail address. Have it verified there, then try again.`,
      user_ambiguous: (_provider: string, operator: string) =>
        `More than one account here has your e-mail address. Ask ${operator} to put that right.`,
      user_unknown: (provider: string, operator: string) =>
        `${provider} has signed you in, but there is no account for you here. Ask ${operator} for one.`,
      sign_in_outdated: (_provider: string) =>
        'This sign-in was started in another browser, has been used already, or took too long. ' +
        'Go back to where you came from and try again.',
    },
  },
  consent: {
    title: (app: string) => `Allow ${app}?`,
    by: (maker: string) => `by ${maker}`,
    lead: (app: string, operator: string) => ended(`${app} asks for access to your account at ${operator}`),
    leadOrganization: (app: string, operator: string) =>
      ended(`${app} asks for access to your organization’s data at ${operator}`),
    scopes: 'It will be able to:',
    newScopes: 'It will also be able to:',
    allowedBefore: 'You have already allowed:',
    noScopes: 'It asks for no particular permissions.',
    organization: 'Organization',
    organizations: 'For which organization?',
    organizationMissing: 'Choose an organization.',
    appRemoved: 'Your organization’s admin has removed this app, so there is nothing to allow.',
    noOrganization: 'You are not a member of any organization, so there is nothing to allow.',
    appForbidden:
      'You may not use this app, so there is nothing to allow. Ask whoever gave you your account.',
    appNotEnabled:
      'Your organization has not let this app in, so there is nothing to allow. Ask an admin of it.',
    addressNotAllowed:
      'Your organization lets in no app from where you are, so there is nothing to allow just now.',
    changed: 'What the app asks for has changed in the meantime. Please look again.',
    allow: 'Allow',
    cancel: 'Cancel',
    takeBack: 'You can take this back at any time, under “Connected apps”.',
    back: (host: string) => `You will go back to ${host}.`,
    signedInAs: (name: string) => ended(`Signed in as ${name}`),
    signOut: 'Use another account',
  },
  /** What scopes mean beside `openid` (OpenID Connect Core 1.0 §5.4, §11). */
  scopes: {
    openid: 'Know who you are, when you sign in',
    profile: 'See your name and your user name',
    email: 'See your e-mail address',
    offline_access: 'Keep this access while you are away',
  },
  notices: {
    signedOut: {
      title: 'Signed out',
      text: 'You are signed out. You can close this page.',
      again: 'Sign in again',
    },
    formOutdated: {
      title: 'This form is no longer valid',
      text: 'It was sent too late, or from another page. Nothing was changed.',
    },
    refused: { title: 'This does not work' },
    tryAgain: 'Try again',
    support: 'Help',
    supportOf: (operator: string) => `Help from ${operator}`,
    errorTitle: (title: string) => `Error: ${title}`,
  },
  explanations,
  unexplained: 'The address that led here is not valid. Go back to the app and tell its makers.',
  account: {
    navigation: 'Your account',
    skip: 'Skip to the content',
    apps: 'Connected apps',
    sessions: 'Sign-ins',
    appsOf: (organization: string) => `Apps of ${organization}`,
    signOut: 'Sign out',
    signedOutMeanwhile:
      'You have been signed out in the meantime, and nothing was changed. Sign in, then try again.',
    nothingHere: {
      title: 'There is nothing here',
      text: 'This page does not exist, or is not yours to see. The app may have been uninstalled in the meantime.',
      link: 'To your apps',
    },
    by: (maker: string) => `by ${maker}`,
    appsLead: 'These apps may use your account. You can take that back at any time.',
    noApps: 'No app is connected',
    noAppsText:
      'An app appears here once you have allowed it to use your account, ' +
      'or once it has been moved over from an API token of yours. ' +
      'You then see what it may do, and can take that back.',
    find: 'Find an app',
    findButton: 'Find',
    findNothing: 'No app matches. Try part of its name, of its maker or of the organization.',
    findAll: 'Show all apps',
    count: (shown: string, count: number) => (count === 1 ? 'One app' : `${shown} apps`),
    waiting: 'Waiting for you',
    others: 'Connected',
    pages: 'Pages',
    page: (page: string, last: string) => `Page ${page} of ${last}`,
    previous: 'Previous',
    next: 'Next',
    organization: 'Organization',
    wholeOrganization: 'The whole organization',
    authorizedOn: (date: string) => `You allowed it on ${date}`,
    authorizedFor: (date: string) => `Allowed on ${date}`,
    migratedOn: (date: string) => `Moved over from an API token on ${date}`,
    lastUsed: (ago: string) => `Last used ${ago}`,
    neverUsed: 'Not used yet',
    mayDo: 'What it may do',
    noScopes: 'It was given no particular permissions.',
    connected: 'Connected',
    lastUse: 'Last used',
    person: 'For',
    confirmationState: 'Confirmation',
    confirmation: 'Waiting for your confirmation',
    disabled: 'Disabled',
    disabledText: (operator: string) => `${operator} has disabled this app. It has no access for now.`,
    pendingText: {
      all: 'It works already. Confirm that you know it, or uninstall it.',
      old_token:
        'Until you confirm it, its new access does not work; its old API token still does. ' +
        'To end both, uninstall it.',
      old_token_for_now:
        'Until you confirm it, its new access does not work; its old API token still does, for a limited time. ' +
        'To end both now, uninstall it.',
      nothing: 'It has no access until you confirm it.',
    },
    confirmed: 'Confirmed',
    confirm: 'Confirm',
    confirmApp: (app: string) => `Confirm ${app}`,
    uninstall: 'Uninstall',
    uninstallApp: (app: string) => `Uninstall ${app}`,
    cancel: 'Cancel',
    uninstallQuestion: {
      title: (app: string) => `Uninstall ${app}?`,
      own: (app: string) => `${app} will lose access at once. Its API tokens stop working too.`,
      other: (app: string, user: string) =>
        `${app} will lose access for ${user} at once. Its API tokens for that person stop working too.`,
      whole: (app: string, organization: string) =>
        `${app} will lose access to ${organization} at once. Its API tokens stop working too.`,
      ownBack: 'You can allow it again later; start from the app.',
      back: 'Anyone who wants the app back can allow it again, starting from the app.',
    },
    done: {
      confirmed: (app: string) => `${app} is confirmed.`,
      uninstalled: (app: string) => `${app} is uninstalled. It has no access any more.`,
      gone: 'That app is not connected any more. This is how things are now.',
      changed: (app: string) =>
        `What ${app} may do has changed in the meantime. Look again before you confirm it.`,
      ended: 'That sign-in has ended.',
      others_ended: 'All other sign-ins have ended.',
      barred: (app: string) => `${app} is uninstalled for the whole organization.`,
      allowed: (app: string) => `${app} can be connected again. What it had before stays ended.`,
    },
    sessionsLead:
      'Where you are signed in. If you do not recognise one of them, end it and choose another password.',
    password: {
      page: 'Choose another password',
      operator: (operator: string) => `${operator} gives you another password if you ask for one.`,
      provider: (provider: string) => `You have signed in with ${provider}: change your password there.`,
    },
    thisBrowser: 'This browser',
    browserOn: (browser: string, system: string) => `${browser} on ${system}`,
    aBrowser: 'A browser',
    signedInOn: (moment: string) => `Since ${moment}`,
    from: (address: string) => `From ${address}`,
    endSession: 'End',
    endSessionOf: (browser: string, moment: string) => `End ${browser}, since ${moment}`,
    endOthers: 'End all others',
    noOthers: 'You are signed in nowhere else.',
    organizationApps: {
      title: (organization: string) => `Apps of ${organization}`,
      lead: (organization: string) =>
        `The apps that people at ${organization} use. You are an admin: you can uninstall an app for one person or for all.`,
      none: 'No app is connected',
      noneText: 'An app appears here once somebody in the organization has connected it.',
      people: (shown: string, count: number) => (count === 1 ? 'One person' : `${shown} people`),
      waiting: (shown: string, _count: number) => `${shown} waiting for confirmation`,
      waits: 'Waiting for confirmation',
      since: (date: string) => `Since ${date}`,
      barred: 'Uninstalled for all',
      barredText: 'Nobody in the organization can connect it until you allow it again.',
      connections: 'Who is connected',
      more: 'Show more',
      allow: 'Allow again',
      uninstall: 'Uninstall for all',
      question: (app: string, organization: string) => `Uninstall ${app} for all of ${organization}?`,
      questionText: (app: string, organization: string) =>
        `${app} will lose access to everybody’s data of ${organization} at once, ` +
        'and so it does where they connected it for themselves. Its API tokens there stop working too.',
      questionBack: 'Nobody can connect it again until you or another admin allows it.',
    },
    connect: {
      title: 'Connect an app for the whole organization',
      lead: (organization: string) =>
        `Choose the app. You see what it may do before you connect it for all of ${organization}.`,
      none: 'There is no such app',
      noneText: 'Every app here is connected by each person, starting from the app.',
      back: 'Back to the apps',
      others: 'Other apps',
      isEnabled: 'Enabled',
      isNotEnabled: 'Not enabled',
      enabledText: (app: string, organization: string) =>
        `${app} is enabled: it can be connected at ${organization}. ` +
        'If you withdraw that, nobody can connect it any more; what is connected already stays connected.',
      notEnabledText: (app: string, organization: string) =>
        `Nobody at ${organization} can connect ${app} before you or another admin enables it.`,
      enable: 'Enable',
      disable: 'Withdraw',
      mayDo: (app: string, organization: string) => `What ${app} may do for all of ${organization}`,
      how: (app: string) =>
        `To connect it, you get an ID and a request token here, and enter both in ${app}. ` +
        'The app can then do the above until you uninstall it.',
      isOpen: (moment: string) =>
        `A request token that was made before is good until ${moment}. If you make another one, that one ends.`,
      make: 'Make request token',
      madeTitle: (app: string) => `Connect ${app}`,
      shownOnce: 'The request token is shown this once. Copy it before you leave this page.',
      whatToDo: (app: string) => `Enter both in ${app}, where it asks for them.`,
      organizationId: 'ID of the organization',
      requestToken: 'Request token',
      goodUntil: 'Good until',
      goodFor: (app: string, count: string) =>
        `It is good for 24 hours. If something goes wrong, ${app} can use the same one again, ` +
        `${count} times in all, until it works.`,
      secret:
        'Give it to nobody else: whoever has it and this app can reach your organization’s data. ' +
        'If you have lost it, make another one; this one then ends.',
      done: {
        finished: 'Done',
        enabled: (app: string) => `${app} is enabled. It can be connected now.`,
        disabled: (app: string) => `${app} is not enabled any more.`,
      },
    },
  },
  mails: {
    quoted: (name: string) => `“${name}”`,
    appBy: (app: string, maker: string) => `${app} by ${maker}`,
    greeting: (name: string | undefined) => (name === undefined ? 'Hello,' : `Hello ${name},`),
    moment: (date: string, time: string) => `${date} at ${time} UTC`,
    scopes: 'What the app may do:',
    noScopes: 'The app has asked for no particular permissions.',
    apps: 'Your connected apps',
    sessions: 'Where you are signed in',
    address: (address: string) => `Or type ${address} yourself.`,
    support: 'Questions? Write to',
    supportPage: 'Questions? You will find help at',
    footer: (brand: string, host: string) =>
      `${brand} wrote to you because you have an account at ${host}. This message was sent automatically.`,
    confirm:
      'Please look at what it may do, and confirm it. If you do not want it, uninstall it on the same page.',
    nothing: {
      all: 'If you do nothing, the app goes on working as before.',
      old_token:
        'Until you confirm, the app’s new access does not work; its old API token still does. ' +
        'To end both, uninstall it.',
      old_token_for_now:
        'Until you confirm, the app’s new access does not work; its old API token still does, for a limited time. ' +
        'To end both now, uninstall it.',
      nothing: 'Until you confirm it, the app cannot reach your data. If you do nothing, it stays that way.',
    },
    unknownApp: 'If you do not know this app, or have never used it, uninstall it. That ends its access.',
    otherPassword: {
      page: (address: string) => `choose another password at ${address}`,
      operator: (support: string) => `ask ${support} for another password`,
      provider: (provider: string) => `change your password at ${provider}`,
    },
    installed: {
      subject: (app: string) => `${app} is now installed as an app`,
      subjectPending: (app: string) => `${app} is now installed as an app: please confirm it`,
      preview: 'See what it may do. You can take that back at any time.',
      previewOthers: 'See what it may do, and what happens next.',
      text: (app: string, organization: string | undefined) =>
        `You have been using the integration ${app} with an API token. It is now an app` +
        `${organization === undefined ? '.' : `, and is installed for ${organization}.`}`,
      takeBack: 'You can see at any time what it may do, and take that back.',
      confirmed: 'You have confirmed it already. You can uninstall it whenever you like.',
      later:
        'The app will appear among your connected apps once it has moved your own access over. ' +
        'You can then confirm or uninstall it there. You do not need to do anything now.',
      unknownLater: (organization: string | undefined, support: string) =>
        'If you do not know this app, or have never used it, ' +
        (organization === undefined
          ? ended(`write to ${support}`)
          : ended(`ask an admin of ${organization}, or write to ${support}`)),
      administrator: (organization: string | undefined) =>
        'The app works for the whole organization. ' +
        `An admin${organization === undefined ? '' : ` of ${organization}`} confirms or uninstalls it.`,
      nothingElse: {
        all: 'If nobody does anything, the app goes on working as before.',
        old_token:
          'Until it is confirmed, the app’s new access does not work; its old API token still does. ' +
          'Uninstalling it ends both.',
        old_token_for_now:
          'Until it is confirmed, the app’s new access does not work; its old API token still does, ' +
          'for a limited time. Uninstalling it ends both now.',
        nothing: 'Until it is confirmed, the app cannot reach your organization’s data.',
      },
      unknownAppElse:
        'If you do not know this app, or have never used it, tell an admin of your organization.',
    },
    reminder: {
      subject: (app: string) => `${app} is waiting for you to confirm it`,
      preview: 'You have not confirmed all of what it may do yet.',
      heading: (app: string) => `${app} is waiting for you`,
      text: (app: string, organization: string | undefined, date: string) =>
        `${app} has been installed as an app${organization === undefined ? '' : ` for ${organization}`} since ${date}. ` +
        'You have not confirmed all of what it may do yet.',
    },
    uninstalled: {
      subject: (app: string) => `${app} has been uninstalled`,
      preview: 'Its access to your data has ended.',
      text: {
        reader: (app: string, moment: string) => `${app} was uninstalled on ${moment}.`,
        readerForAll: (app: string, organization: string, moment: string) =>
          `${app} was uninstalled from ${organization} on ${moment}.`,
        admin: (app: string, organization: string, moment: string) =>
          `On ${moment}, an admin of ${organization} uninstalled ${app} for you.`,
        adminForAll: (app: string, organization: string, moment: string) =>
          `On ${moment}, an admin of ${organization} uninstalled ${app} for the whole organization.`,
        app: (app: string, moment: string) => `On ${moment}, ${app} ended its access itself.`,
        operator: (app: string, operator: string, moment: string) =>
          `On ${moment}, ${operator} ended the access of ${app}.`,
      },
      access: (organization: string | undefined) =>
        `Its access to your data${organization === undefined ? '' : ` at ${organization}`} has ended. ` +
        'API tokens that it used before do not work any more either.',
      nothing: 'You do not need to do anything.',
      again: 'If you want to use it again, connect it again in the app.',
      barred: 'Nobody in the organization can connect it again until an admin allows it.',
      unexpected: (password: string) =>
        'If this was not you, somebody else may have signed in to your account. ' +
        ended(`Look at where you are signed in, end every sign-in that is not yours, and ${password}`),
    },
    locked: {
      subject: 'Signing in to your account is blocked for a while',
      // What was wrong may have been a password or a one-time code.
      preview: 'Several sign-ins have failed.',
      text: (moment: string) => `On ${moment}, several sign-ins to your account failed.`,
      until: (time: string, date: string | undefined) =>
        `You can sign in with a password again from ${time} UTC${date === undefined ? '' : ` on ${date}`}.`,
      over: 'For that reason, signing in with a password was blocked for a while.',
      provider: (provider: string) => `You can go on signing in with ${provider}.`,
      nothing:
        'You do not need to do anything: the block ends by itself. Where you are signed in, you stay signed in.',
      unexpected:
        'If this was not you, somebody else has tried to get into your account. These attempts failed.',
      weak: (password: string) =>
        ended(`If your password is short, or you use it elsewhere too, ${password}`),
    },
    oneTimeCode: {
      subject: (app: string) => `Your code for ${app}`,
      preview: 'Enter it in the app. If you did not ask for it, tell it to nobody.',
      text: (app: string) => `${app} asks for this code, so that it may act for you. Enter it in the app:`,
      // Until when, rather than for how long: a mail may have been on its way for a while.
      holds: (time: string) => `You can use it once, within ten minutes: until ${time} UTC.`,
      unexpected:
        'If you did not ask for it, do not enter it anywhere, and tell it to nobody, whoever asks. ' +
        'Without it, nobody gets in, and you need do nothing else.',
    },
    test: {
      subject: 'A test: mails arrive',
      preview: 'You do not need to do anything.',
      text:
        'The operator of this server has sent this message to see whether mails arrive. ' +
        'You do not need to do anything.',
    },
  },
  sampleApp: {
    title: 'Sample app',
    allowed: 'You have allowed this app. It redeems the code below for its tokens.',
    denied: 'You have not allowed this app. This is what it was told.',
    refused: (error: string) => `What this app asked for was refused: ${error}. This is what it was told.`,
    bare: 'This is where users of the sample apps come back to from the pages of Tokenferry. There is no answer in what this server sees.',
    behind:
      'Unless there is a # in the address of this page: then the answer stands behind it. ' +
      'No server sees that, and no script runs here; a real app reads it in the browser.',
    toHome: 'What else there is to try',
    mails: {
      title: 'Mails',
      text: 'What would have been sent, the newest first.',
      none:
        'No mail has been written yet. ' +
        'Exchange a legacy token of an app whose users are told of it, such as one of pipedrive.',
      html: 'As mail programs show it',
      back: 'All mails',
    },
    callbacks: {
      title: 'What the apps were told',
      text: 'What came here for two sample apps, the newest first. Nothing is verified; a real app does that first.',
      none: 'Nothing has come yet. Exchange a legacy token of standard, or uninstall an app of pipedrive.',
    },
    home: {
      users: 'What users see',
      usersText:
        'Exchange a legacy token of pipedrive first. The first one is of alice.pipedrive: ' +
        'she gets a mail, and finds the app among hers.',
      apps: 'Connected apps, as a user or as an admin',
      mails: 'Mails that would have been sent',
      callbacks: 'What the apps were told',
      signInAs: 'sign in as',
      title: 'Tokenferry, a demo',
      text: 'Sample apps exchange sample legacy tokens here, in several dialects. The terminal shows how, line by line.',
      demoFile: 'All names, passwords, secrets and tokens are in',
      dialects: 'Dialects, and where they are spoken',
      allow: 'Sign in and allow a sample app',
      identify: 'The same with an id_token, which comes behind the # of the address',
      verifier: 'Codes that come of these links are redeemed with the code_verifier',
    },
  },
}
