using Mailbox.Proof.Deeds;
using Mailbox.Proof.Load;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof.Tests;

/// <summary>What might have been done and read: one deed a second, each answered half a second later.</summary>
sealed class Story
{
    public const string Mailbox = "plain0";
    public const string Mortal = "mortal0";
    public const string Group = "group0";

    const string Epoch = "e";

    readonly History _history = new();
    readonly Population _population = new();
    readonly Dictionary<string, Log> _readers = [];
    readonly HashSet<string> _members = [];
    int _now;

    public Story Deliver(string id, long position, string mailbox = Mailbox)
    {
        _history.Deliveries.Enqueue(Answered(new Delivery(id, mailbox) { Position = new(Epoch, position) }));
        return this;
    }

    public Story Join(string mailbox = Mailbox, bool joins = true)
    {
        _history.Memberships.Enqueue(Answered(new Membership(Group, mailbox, joins)));
        return this;
    }

    public Story Remove(string mailbox)
    {
        _history.Removals.Enqueue(Answered(new Removal(mailbox)));
        return this;
    }

    public Story Send(string id, int stored, params string[] except)
    {
        _history.Sends.Enqueue(Answered(new GroupSend(id, Group, except) { Stored = stored }));
        return this;
    }

    public Story Read(string id, long position, string mailbox = Mailbox, string epoch = Epoch) => ReadBody(Letter.Body(id), position, mailbox, epoch);

    public Story ReadBody(string body, long position, string mailbox = Mailbox, string epoch = Epoch)
    {
        LogOf(mailbox).Take(new Sighting(new(epoch, position), body, Next()));
        return this;
    }

    public Story BeTold(long from, long to, string reason, string mailbox = Mailbox)
    {
        LogOf(mailbox).Take(new Gap(new(Epoch, from), new(Epoch, to), reason, Next()));
        return this;
    }

    public Story Call(params string[] members)
    {
        _members.UnionWith(members);
        return this;
    }

    public IReadOnlyList<string> Verdict()
    {
        var members = _population.Groups.ToDictionary(group => group, group => (IReadOnlySet<string>)(group == Group ? _members : []));
        return Checking.Verdict.Of(new(_population, _history, [.. _readers.Values], [], new(members, Next(), Next())));
    }

    T Answered<T>(T deed) where T : Deed
    {
        deed.Begun = Next();
        deed.Attempts = 1;
        deed.Answered = deed.Begun + TimeSpan.FromSeconds(0.5);
        return deed;
    }

    Log LogOf(string mailbox) => _readers.TryGetValue(mailbox, out var log) ? log : _readers[mailbox] = new("reader of " + mailbox, mailbox);

    TimeSpan Next() => TimeSpan.FromSeconds(++_now);
}
