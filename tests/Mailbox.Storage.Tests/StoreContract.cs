namespace Mailbox.Storage.Tests;

/// <summary>What every store does, whatever it keeps its mailboxes in.</summary>
public abstract partial class StoreContract : IDisposable
{
    StoreDriver? _driver;

    internal StoreDriver Driver => _driver ??= new(Open());

    protected abstract IMailboxStore Open();

    public void Dispose()
    {
        _driver?.Store.Dispose();
        Close();
        GC.SuppressFinalize(this);
    }

    protected virtual void Close()
    {
    }
}
