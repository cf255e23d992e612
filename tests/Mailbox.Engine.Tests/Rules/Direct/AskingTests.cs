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
}
