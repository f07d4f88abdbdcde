"""What every connector shares whose partner exchanges interchanges: settings, the effect port, the feed, the taker."""
