using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>
/// Two engines on one store, which take mailboxes from each other, die, are given up for dead and go on, and lose the answers of their
/// commits; where one commits, the other may do something just before and just after. However it goes, each mailbox has one sequence
/// of messages, in which everything that was answered as stored stands once.
/// </summary>
sealed class TwoEngines
{
    static readonly string[] s_mailboxes = ["a", "b"];

    readonly Chooser _choose;
    readonly List<Letter> _letters = [];
    readonly List<Follower> _followers = [new("a", acknowledges: true), new("b", acknowledges: false), new("b", acknowledges: false)];
    readonly Action[] _acts;
    Office? _busy;

    TwoEngines(Chooser choose, bool isLax)
    {
        _choose = choose;
        Silos = new();
        Silos.Rows.IsLax = isLax;
        _acts = [Deliver, Deliver, Deliver, Repeat, Repeat, Follow, Follow, Follow, Step, Step, Step, Acquire, Acquire, Release, Maintain, Doubt, Crash, GiveUp];
        Listen();
    }

    Neighbours Silos { get; }

    Office[] Offices => [Silos.One, Silos.Two];

    public static void Run(Chooser choose, int steps, bool isLax = false)
    {
        var scene = new TwoEngines(choose, isLax);
        for (var i = 0; i < steps; i++) scene.Act();
        scene.Settle();
        scene.AssertOneSequence();
    }

    void Act()
    {
        _acts[_choose.Next(_acts.Length)]();
        foreach (var letter in _letters) letter.Notice();
    }

    /// <summary>One that is not in the middle of a commit.</summary>
    Office AnOffice()
    {
        var free = Offices.Where(office => office != _busy).ToArray();
        return free[_choose.Next(free.Length)];
    }

    string AMailbox() => s_mailboxes[_choose.Next(s_mailboxes.Length)];

    void Deliver()
    {
        var letter = new Letter(AMailbox(), _letters.Count, hasKey: _choose.Next(2) == 0);
        _letters.Add(letter);
        letter.SendTo(AnOffice());
    }

    void Repeat()
    {
        if (_letters.Find(letter => letter.IsOpen) is { } open) open.SendTo(AnOffice());
    }

    void Follow() => _followers[_choose.Next(_followers.Count)].Step(AnOffice(), _choose);

    void Step() => AnOffice().Engine.Step();

    void Acquire() => AnOffice().Acquire(AMailbox());

    void Release() => AnOffice().Release(AMailbox());

    void Maintain()
    {
        Silos.Time.Advance(TimeSpan.FromSeconds(1));
        AnOffice().Maintain();
    }

    void Doubt() => AnOffice().Store.NextIsUncertain = _choose.Next(2) == 0;

    void Crash() => Crash(AnOffice());

    void Crash(Office office)
    {
        if (office == Silos.One) Silos.CrashOne();
        else Silos.CrashTwo();
        foreach (var letter in _letters) letter.Lose(office);
        foreach (var follower in _followers) follower.Lose(office);
        AssertFaults(office);
        Listen();
    }

    /// <summary>The others take it for dead, and it does not know.</summary>
    void GiveUp()
    {
        var office = AnOffice();
        Silos.Rows.Forget(office.Store.Owner!, office.Engine.Clock.Now);
    }

    void Listen()
    {
        foreach (var office in Offices) office.Store.Committing = office.Store.Committed = () => Interrupt(office);
    }

    void Interrupt(Office office)
    {
        if (_busy is not null) return;
        _busy = office;
        while (_choose.Next(3) == 0) Act();
        _busy = null;
    }

    /// <summary>Nothing goes wrong any more: what has a key is stored in the end, and the clients read the rest.</summary>
    void Settle()
    {
        Crash(Silos.One);
        foreach (var office in Offices)
        {
            office.Store.NextIsUncertain = null;
            office.Store.Committing = office.Store.Committed = null;
            office.StepAll();
        }
        Silos.One.Acquire(s_mailboxes);
        foreach (var letter in _letters) Finish(letter);
        foreach (var follower in _followers) Finish(follower);
        while (s_mailboxes.Any(name => Silos.OwnerOf(name) == Silos.One.Store.Owner)) Silos.One.Release(s_mailboxes);
    }

    void Finish(Letter letter)
    {
        letter.Notice();
        if (!letter.IsOpen || !letter.HasKey) return;
        letter.SendTo(Silos.One);
        Silos.One.StepAll();
        letter.Notice();
        Assert.NotNull(letter.Stored);
    }

    void Finish(Follower follower)
    {
        if (follower.IsOpen) follower.Leave();
        follower.Open(Silos.One, resumes: true);
        follower.Read();
        follower.Leave();
        Silos.One.StepAll();
    }

    void AssertOneSequence()
    {
        foreach (var follower in _followers)
        {
            Assert.Equal(follower.Received.Distinct(), follower.Received);
            foreach (var letter in _letters.Where(letter => letter.Mailbox == follower.Mailbox && letter.Stored is not null))
                Assert.Equal(letter.Body, follower.Received.ElementAtOrDefault((int)letter.Stored!.Value.Sequence - 1));
            Assert.False(Silos.Rows.Mailboxes.Load(Office.Name(follower.Mailbox))?.Marks.Held ?? false);
        }
        foreach (var office in Offices) AssertFaults(office);
    }

    static void AssertFaults(Office office) => Assert.All(office.Faults, fault => Assert.IsType<UncertainStoreException>(fault));
}
