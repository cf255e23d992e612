namespace Mailbox.Gateway;

/// <content>Stations 4 and 6: what the connection takes from its reader.</content>
abstract partial class HeldConnection
{
    // Each page read aside runs inside the one before.
    const int MaxPagesAside = 8;

    [ThreadStatic]
    static List<Received>? s_received;

    /// <summary>How deep this thread is in <see cref="RunAside"/>; 0 on a pump's.</summary>
    [ThreadStatic]
    static int s_aside;

    /// <summary>The thread's own list, empty; not kept across a flush.</summary>
    protected static List<Received> Received
    {
        get
        {
            var received = s_received ??= [];
            received.Clear();
            return received;
        }
    }

    protected ReadStatus ReadInto(List<Received> taken)
    {
        ReadStatus status;
        do status = Reader.TryRead(taken);
        while (status == ReadStatus.Read);
        return status;
    }

    protected Ending? EndingOf(ReadStatus status, Work work)
    {
        if (status == ReadStatus.Ended) return Reader.Ending;
        if ((work & Work.Unavailable) != 0) return Ending.Unavailable;
        return (work & Work.Drain) != 0 ? Ending.Draining : null;
    }

    /// <summary>Brings bodies from the store, off the pump: a store may block while it reads its disk.</summary>
    protected async void Load()
    {
        try
        {
            if (s_aside is 0 or > MaxPagesAside) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await Reader.LoadAsync().ConfigureAwait(false);
            Post(Work.Read);
        }
        catch (Storage.StoreException)
        {
            Post(Work.Unavailable);
        }
        catch (Exception fault)
        {
            Fail(fault);
            return;
        }
        RunAside();
    }

    /// <summary>Runs it on a thread that is not the pump's, and may wait for the store's disk.</summary>
    void RunAside()
    {
        s_aside++;
        Run();
        s_aside--;
    }
}
