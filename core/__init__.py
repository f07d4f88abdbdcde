"""The machinery: engine, bus, store, effects, timers. It knows no partner and no rule."""
