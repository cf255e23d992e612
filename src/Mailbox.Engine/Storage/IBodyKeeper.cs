namespace Mailbox.Storage;

/// <summary>Counts what of a store's space is in use.</summary>
interface IBodyKeeper<TBody>
{
    /// <summary>One more message has this body.</summary>
    void Kept(TBody body);

    /// <summary>One message less has this body.</summary>
    void Released(TBody body);
}
