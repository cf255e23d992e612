using System.Text;
using Mailbox.Storage;

namespace Mailbox.CrashChild;

/// <summary>
/// Batches that follow from a seed, their number and what the store holds, so that whoever plays the same ones to another store comes
/// to the same state. The deadline of the mailbox <c>clock</c> is the number of the last batch.
/// </summary>
sealed class ScriptedLoad
{
    const string Clock = "clock";
    const int Names = 12;
    const int MostRecords = 6;

    static readonly DateTimeOffset s_time = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    readonly IMailboxStore _store;
    readonly int _seed;
    readonly SortedDictionary<string, ScriptedMailbox> _mailboxes = new(StringComparer.Ordinal);
    readonly CommitBatch _batch = new() { At = s_time };
    Random _random = new(0);

    public ScriptedLoad(IMailboxStore store, int seed)
    {
        (_store, _seed) = (store, seed);
        Refresh();
    }

    /// <summary>The number of the last batch that the store has.</summary>
    public int Played { get; private set; }

    public Durability LastDurability => _batch.Durability;

    /// <summary>Takes every mailbox anew, as after a restart.</summary>
    public void Refresh()
    {
        _mailboxes.Clear();
        foreach (var name in _store.Names(null, int.MaxValue))
        {
            var loaded = _store.Load(name)!;
            _mailboxes.Add(name.ToString(), new(loaded.Handle, loaded.Marks.Tail));
            if (name.ToString() == Clock) Played = (int)loaded.Marks.Deadline;
        }
    }

    public void PlayTo(int number)
    {
        while (Played < number) PlayNext();
    }

    public void PlayNext()
    {
        var number = Played + 1;
        _random = new(_seed * 1_000_003 + number);
        _batch.Clear();
        _batch.Durability = _random.Next(3) == 0 ? Durability.Disk : Durability.Process;
        if (!_mailboxes.TryGetValue(Clock, out var clock)) clock = Make(Clock);
        for (var left = _random.Next(1, MostRecords); left > 0; left--) Add();
        _batch.Records.Add(new DeadlineMoved(clock.Handle, number, false));
        _store.Commit(_batch);
        Played = number;
    }

    void Add()
    {
        var name = $"m{_random.Next(Names)}";
        if (!_mailboxes.TryGetValue(name, out var mailbox)) mailbox = Make(name);
        switch (_random.Next(20))
        {
            case 0: Remove(name, mailbox); break;
            case 1: Reserve(mailbox); break;
            case 2 or 3 or 4: _batch.Records.Add(new Acknowledged(mailbox.Handle, mailbox.Tail, mailbox.Tail)); break;
            case 5: _batch.Records.Add(new MessageRemoved(mailbox.Handle, Math.Max(1, mailbox.Tail - 2), GapReason.Ttl)); break;
            case 6: _batch.Records.Add(new MembersChanged(GroupName.Parse("group"), [mailbox.Handle], [])); break;
            case 7: _batch.Records.Add(new MembersChanged(GroupName.Parse("group"), [], [mailbox.Handle])); break;
            case 8 or 9 or 10: Append([.. _mailboxes.Values]); break;
            default: Append([mailbox]); break;
        }
    }

    ScriptedMailbox Make(string name)
    {
        var mailbox = new ScriptedMailbox(new(MailboxName.Parse(name), _store.NewEpoch()), 0);
        _mailboxes.Add(name, mailbox);
        _batch.Records.Add(new MailboxMade(mailbox.Handle, MailboxOptions.Default, long.MaxValue));
        return mailbox;
    }

    void Remove(string name, ScriptedMailbox mailbox)
    {
        _batch.Records.Add(new MailboxRemoved(mailbox.Handle));
        _mailboxes.Remove(name);
    }

    void Reserve(ScriptedMailbox mailbox)
    {
        _batch.Records.Add(new NumbersReserved(mailbox.Handle, mailbox.Tail + 5, Durability.Memory));
        mailbox.Tail += _random.Next(5);
    }

    void Append(ScriptedMailbox[] mailboxes)
    {
        var message = new Message
        {
            ContentType = "text/plain",
            Body = Encoding.UTF8.GetBytes(new string('x', _random.Next(300)) + _random.Next()),
            At = s_time,
            Expires = s_time.AddDays(1),
        };
        var targets = Array.ConvertAll(mailboxes, mailbox => new Target(mailbox.Handle, ++mailbox.Tail));
        _batch.Records.Add(new MessageAppended(message, targets, targets.Length));
    }
}
