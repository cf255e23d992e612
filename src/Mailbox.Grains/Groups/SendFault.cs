using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>What a fault of the ledger means for who asked.</summary>
static class SendFault
{
    public static bool IsExpected(Exception fault) => fault is StoreException or OperationCanceledException;

    public static Outcome OutcomeOf(Exception fault) => fault switch
    {
        FencedException => Outcome.NotOwner,
        StoreFullException => Outcome.StoreFull,
        OperationCanceledException => Outcome.Stopping,
        _ => Outcome.StoreFailed,
    };
}
