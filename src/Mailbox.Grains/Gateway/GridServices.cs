namespace Mailbox.Grains;

/// <summary>What the parts of a gateway share.</summary>
sealed class GridServices(IGrainFactory grains, ILocalSiloDetails silo, TimeProvider time)
{
    public ILocalSiloDetails Silo => silo;

    public TimeProvider Time => time;

    public IGrainFactory Grains => grains;

    /// <exception cref="NoSiloException">No silo that this process knows of has mailboxes: there is none yet, or none any more.</exception>
    public IMailboxGrain Of(MailboxName mailbox) => Find(() => grains.GetGrain<IMailboxGrain>(mailbox.ToString()));

    /// <inheritdoc cref="Of(MailboxName)"/>
    public IGroupGrain Of(GroupName group) => Find(() => grains.GetGrain<IGroupGrain>(group.ToString()));

    /// <inheritdoc cref="Of(MailboxName)"/>
    public IOfficeGrain Office() => Find(() => grains.GetGrain<IOfficeGrain>(0));

    static T Find<T>(Func<T> grain)
    {
        try
        {
            return grain();
        }
        catch (ArgumentException unknown)
        {
            throw new NoSiloException(unknown);
        }
    }
}
