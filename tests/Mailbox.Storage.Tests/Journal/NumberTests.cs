using Mailbox.Engine;
using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

/// <summary>Numbers are never given twice, and nothing is told as lost that is there (spec M3, M5).</summary>
public sealed class NumberTests : FakeDiskTest, IDisposable
{
    static readonly MailboxName s_ann = MailboxName.Parse("ann");

    JournalStore _store;
    MailboxEngine _engine;

    public NumberTests() => Start();

    public static TheoryData<int> Seeds => RandomisedTests.Seeds;

    [Fact]
    public void After_a_crash_of_the_process_what_was_handed_to_the_system_is_there_without_a_gap()
    {
        Deliver(Durability.Process);
        Deliver(Durability.Process);
        Crash();
        Assert.Equal(3, Deliver(Durability.Process));
        Assert.Empty(Stored().Holes);
    }

    [Fact]
    public void After_a_loss_of_power_no_number_is_given_again_however_often_the_process_is_restarted_then()
    {
        for (var i = 0; i < 5; i++) Deliver(Durability.Process);
        Disk["00000001.segment"].SetLength(Disk["00000001.segment"].Length - 1);
        Disk.Boot++;
        Crash();
        Assert.Equal(1024, Stored().Marks.Tail);
        Crash();
        Assert.Equal(1025, Deliver(Durability.Disk));
        Assert.Equal([new(5, 1024, GapReason.Lost)], Stored().Holes);
    }

    [Fact]
    public void A_torn_tail_is_taken_as_a_loss_of_power()
    {
        for (var i = 0; i < 5; i++) Deliver(Durability.Process);
        Disk["00000001.segment"].SetLength(Disk["00000001.segment"].Length - 1);
        Crash();
        Crash();
        Assert.Equal(1025, Deliver(Durability.Disk));
    }

    [Fact]
    public void Where_the_kernel_does_not_tell_of_its_run_every_start_is_taken_as_a_loss_of_power()
    {
        Disk.Boot = 0;
        Crash();
        Deliver(Durability.Process);
        Crash();
        Assert.Equal(1025, Deliver(Durability.Process));
        Crash();
        Assert.Equal(2049, Deliver(Durability.Process));
    }

    [Fact]
    public void Lost_numbers_that_could_not_be_stored_are_lost_again_at_the_next_start()
    {
        Deliver(Durability.Process);
        Disk.Boot++;
        Disk.Before = (_, name) => Fail(name.Contains(".snapshot"));
        Crash();
        Disk.Before = null;
        Assert.Contains(Notices, notice => notice.StartsWith("The next start", StringComparison.Ordinal));
        Crash();
        Assert.Equal(1025, Deliver(Durability.Disk));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_number_is_given_twice_through_crashes_and_losses_of_power(int seed)
    {
        var random = new Random(seed);
        var highest = 0L;
        for (var round = 0; round < 30; round++)
        {
            if (random.Next(2) == 0) DeliverSome(random, ref highest); else LosePowerAmong(random, ref highest);
            Crash();
            if (random.Next(3) == 0) Crash();
            var next = Deliver(Durability.Disk);
            Assert.InRange(next, highest + 1, long.MaxValue);
            highest = next;
        }
    }

    public void Dispose() => _store.Dispose();

    void LosePowerAmong(Random random, ref long highest)
    {
        var operations = random.Next(60);
        Disk.Before = (_, _) => Fail(--operations < 0);
        try
        {
            DeliverSome(random, ref highest);
        }
        catch (Exception e) when (e is StoreException or IOException)
        {
        }
        Disk.Before = null;
        Disk.LosePower(random);
    }

    void DeliverSome(Random random, ref long highest)
    {
        for (var left = random.Next(30); left > 0; left--)
        {
            var number = Deliver((Durability)random.Next(3));
            if (number == 0) break;
            Assert.InRange(number, highest + 1, long.MaxValue);
            highest = number;
            if (random.Next(10) == 0) _store.Upkeep.RunOnce();
        }
    }

    /// <returns>0 where it was not stored.</returns>
    long Deliver(Durability level)
    {
        var delivering = _engine.DeliverAsync(s_ann, new() { Body = new byte[40], Durability = level });
        while (_engine.Step()) { }
        return delivering.AsTask().GetAwaiter().GetResult().Position.Sequence;
    }

    StoredMailbox Stored() => _store.Load(s_ann)!;

    void Crash()
    {
        _store.Abandon();
        Start();
    }

    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_store), nameof(_engine))]
    void Start()
    {
        _store = Open(segmentBytes: 8 << 10);
        _engine = new(_store, new(), new EngineClock(new FakeTimeProvider(StoreDriver.Noon), _store.LastSeen));
    }

    static void Fail(bool fails)
    {
        if (fails) throw new IOException("The power is gone.");
    }
}
