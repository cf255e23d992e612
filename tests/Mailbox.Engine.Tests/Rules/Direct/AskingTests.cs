using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>Questions that have no answer for "the store failed", in one batch with what could not be stored.</summary>
public sealed class AskingTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M5")]
    public async Task Who_asked_is_told_the_fault_of_the_store_and_the_writer_goes_on()
    {
        _office.Deliver("a", "1");
        _office.Store.HasFailed = true;
        var delivered = _office.Engine.DeliverAsync(Office.Name("a"), Office.Draft("2"), TestContext.Current.CancellationToken).AsTask();
        var described = _office.Engine.GetAsync(Office.Name("a"), TestContext.Current.CancellationToken).AsTask();
        var listed = _office.Engine.GetGroupAsync(Office.Group("g"), null, 10, TestContext.Current.CancellationToken).AsTask();
        _office.StepAll();

        Assert.Equal(Outcome.StoreFailed, (await delivered).Outcome);
        await Assert.ThrowsAsync<StoreException>(() => described);
        await Assert.ThrowsAsync<StoreException>(() => listed);
        _office.Store.HasFailed = false;
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "2").Outcome);
    }

    [Fact, Trait("Rule", "M5")]
    public void A_store_that_works_again_is_told_once_after_each_failure()
    {
        var recovered = 0;
        _office.Engine.Recovered += () => recovered++;
        for (var outage = 1; outage <= 2; outage++)
        {
            _office.Store.HasFailed = true;
            _office.Deliver("a", "1");
            _office.Deliver("a", "2");
            Assert.Equal(outage - 1, recovered);
            _office.Store.HasFailed = false;
            _office.Deliver("a", "3");
            _office.Deliver("a", "4");
            Assert.Equal(outage, recovered);
        }
        Assert.Equal(2, _office.Faults.Count);
    }

    [Fact, Trait("Rule", "M5")]
    public async Task Who_asks_for_another_owners_mailbox_is_refused_and_the_rest_of_the_batch_is_stored()
    {
        var faults = new List<Exception>();
        var engine = new MailboxEngine(new MemoryLog(new(partitions: 2)) { Keeps = Durability.Disk }, new EngineOptions(), new FakeTime());
        engine.Faulted += faults.Add;
        var owning = engine.OwnAsync([0], "this", TestContext.Current.CancellationToken);
        while (engine.Step()) { }
        await owning;
        var names = Enumerable.Range(0, 20).Select(static number => MailboxName.Parse($"m{number}")).ToLookup(static name => PartitionTable.NumberOf(name.ToString(), 2));
        var delivered = engine.DeliverAsync(names[0].First(), Office.Draft("1"), TestContext.Current.CancellationToken).AsTask();
        var described = engine.GetAsync(names[1].First(), TestContext.Current.CancellationToken).AsTask();
        while (engine.Step()) { }

        Assert.Equal(Outcome.Stored, (await delivered).Outcome);
        await Assert.ThrowsAsync<StoreException>(() => described);
        Assert.Empty(faults);
    }
}
