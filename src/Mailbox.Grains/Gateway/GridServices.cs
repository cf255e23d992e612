namespace Mailbox.Grains;

/// <summary>What the parts of a gateway share.</summary>
sealed class GridServices(IGrainFactory grains, ILocalSiloDetails silo, TimeProvider time)
{
    public IGrainFactory Grains => grains;

    public ILocalSiloDetails Silo => silo;

    public TimeProvider Time => time;
}
