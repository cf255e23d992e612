using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Grains;

/// <summary>Who a silo is among those that share a store: its address, which no other start of a silo ever has.</summary>
public static class SiloOwner
{
    /// <summary>For the options of a store; see <see cref="Storage.IMailboxStore.Owner"/>.</summary>
    public static string NameOf(IServiceProvider silo) => Of(silo.GetRequiredService<ILocalSiloDetails>().SiloAddress);

    internal static string Of(SiloAddress silo) => silo.ToParsableString();

    /// <exception cref="FormatException">The owner is no silo.</exception>
    internal static SiloAddress AddressOf(string owner) => SiloAddress.FromParsableString(owner);
}
