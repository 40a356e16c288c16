import type { Registry, Stored } from '../../state/registry/types.ts';
import { ApiProblem, tooMany } from '../api/problem.ts';
import type { Call } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { Attempts, networkOf, type Attempt } from './attempts.ts';
import { Cookies } from './cookies.ts';
import { DEVICE_COOKIE, deviceOf } from './known-device.ts';
import { isActive } from './member-caller.ts';
import { checkPassword, hashPassword } from './passwords.ts';
import { RefusedSignIns } from './refused-sign-ins.ts';
import { WorkGate } from './work-gate.ts';

type Visit = Pick<Call<unknown, unknown, unknown>, 'caller' | 'cookie' | 'requestId' | 'address'>;

/** Everything about passwords that must be counted or bounded together: one for each registry of a process. */
export class SignInDesk {
  readonly #attempts = new Attempts();
  readonly #gate = new WorkGate();
  readonly #refused = new RefusedSignIns();
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * The member with this password.
   * @throws ApiProblem unauthenticated, the same whatever was wrong; too_many_requests
   */
  async byPassword(email: string, password: string, visit: Visit, services: ControlServices): Promise<Stored<'member'>> {
    const { registry, now, secrets } = services;
    const device = deviceOf(secrets, visit.cookie(new Cookies(services.publicUrl()).name(DEVICE_COOKIE)), email);
    const attempt: Attempt = { address: networkOf(visit.address), account: email, device };
    const wait = this.#attempts.begin(attempt, now());
    const member = await registry.memberByEmail(email);
    if (wait > 0) {
      await this.#refused.note(registry, visit, shown(member), 'too many attempts', now());
      throw tooMany('too many failed sign-ins; wait, or sign in with a browser that you have used here before', wait / 1_000);
    }
    let right = false;
    let outdated = false;
    try {
      ({ right, outdated } = await this.#gate.run(device !== null, () => checkPassword(password, isActive(member?.value) ? (member?.value.passwordHash ?? null) : null)));
    } catch (error) {
      this.#attempts.giveBack(attempt);
      throw error;
    }
    if (!right || member === null) {
      await this.#refused.note(registry, visit, shown(member), member !== null && member.value.disabled ? 'the member is disabled' : 'wrong e-mail address or password', now());
      throw new ApiProblem('unauthenticated', 'the e-mail address or the password is wrong');
    }
    this.#attempts.giveBack(attempt);
    return outdated ? this.#renewed(member, password, registry) : member;
  }

  /** Checks the password of somebody who is signed in, with the same bounds. @throws ApiProblem */
  async demandPassword(member: Stored<'member'>, password: string, visit: Visit, services: ControlServices): Promise<void> {
    const attempt: Attempt = { address: networkOf(visit.address), account: member.value.email, device: `member ${member.name}` };
    const wait = this.#attempts.begin(attempt, services.now());
    if (wait > 0) throw tooMany('too many wrong passwords; wait', wait / 1_000);
    const { right } = await this.#gate.run(true, () => checkPassword(password, member.value.passwordHash));
    if (!right) throw new ApiProblem('invalid_request', 'the password is wrong', { problems: [{ pointer: '/current', in: 'body', message: 'this is not your password' }] });
    this.#attempts.giveBack(attempt);
  }

  /** @throws ApiProblem too_many_requests */
  hash(password: string): Promise<string> {
    return this.#gate.run(true, () => hashPassword(password));
  }

  /** An attempt to come in as nobody knows whom, by an answer of an identity provider. @returns 0, or how long to wait, in milliseconds */
  beginUnknown(address: string | null, now: number): number {
    return this.#attempts.begin(unknownFrom(address), now);
  }

  /** It was right. */
  endUnknown(address: string | null): void {
    this.#attempts.giveBack(unknownFrom(address));
  }

  /** Notes a sign-in by other means that was refused. */
  refuse(visit: Visit, member: Stored<'member'> | null, why: string, { registry, now }: ControlServices): Promise<void> {
    return this.#refused.note(registry, visit, shown(member), why, now());
  }

  /** Changes of members one after the other: of two admins who remove each other, one stays. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #renewed(member: Stored<'member'>, password: string, registry: Registry): Promise<Stored<'member'>> {
    const passwordHash = await this.hash(password);
    await registry.apply([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, passwordHash }, expect: member.version }], []);
    return (await registry.get('member', member.name)) ?? member;
  }
}

function shown(member: Stored<'member'> | null): { readonly id: string; readonly email: string } | null {
  return member === null ? null : { id: member.name, email: member.value.email };
}

function unknownFrom(address: string | null): Attempt {
  return { address: networkOf(address), account: null, device: null };
}

const desks = new WeakMap<Registry, SignInDesk>();

/** The desk of a registry. */
export function deskOf(registry: Registry): SignInDesk {
  let desk = desks.get(registry);
  if (desk === undefined) {
    desk = new SignInDesk();
    desks.set(registry, desk);
  }
  return desk;
}
