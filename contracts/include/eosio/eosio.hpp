#pragma once

#include <snapscale/snapscale.hpp>
